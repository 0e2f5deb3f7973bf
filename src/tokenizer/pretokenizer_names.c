#include "tokenizer/pretokenizer.h"

/* What the names in tokenizer.ggml.pre stand for: a table of facts, gathered from the
 * pre-tokenizers that the models' makers publish and from the names that llama.cpp's converter
 * gives them. Building blocks first, since most differ in one of them. */

#define GPT2 "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
const char GPT2_EXPRESSION[] = GPT2;

/* (?i:...) would also take U+017F for an s, which the converted vocabularies do not. */
#define CONTRACTION "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
#define WORD        "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
#define SIGNS       " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
#define LINES       "\\s*[\\r\\n]+"
#define SPACES      "\\s+(?!\\S)|\\s+"
#define LLAMA3      CONTRACTION "|" WORD "|\\p{N}{1,3}|" SIGNS "|" LINES "|" SPACES
#define QWEN2       CONTRACTION "|" WORD "|\\p{N}|" SIGNS "|" LINES "|" SPACES

/* Words that begin a new piece at an upper-case letter. */
#define UPPER        "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER        "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define LEAD         "[^\\r\\n\\p{L}\\p{N}]?"
#define SIGNS_SLASH  " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*"
#define CASED(after) LEAD UPPER "*" LOWER "+" after "|" LEAD UPPER "+" LOWER "*" after
#define GPT4O        CASED(CONTRACTION "?") "|\\p{N}{1,3}|" SIGNS_SLASH "|" LINES "|" SPACES

/* Kimi: the same without ideographs, which are pieces of their own. */
#define NOT_HAN "(?!\\p{Han})"
#define KIMI                                                                                    \
    "\\p{Han}+|" LEAD "(?:" NOT_HAN UPPER ")*(?:" NOT_HAN LOWER ")+" CONTRACTION "?|" LEAD      \
    "(?:" NOT_HAN UPPER ")+(?:" NOT_HAN LOWER ")*" CONTRACTION "?|\\p{N}{1,3}|" SIGNS "|" LINES \
    "|" SPACES

#define KANA_AND_HAN "[\\x{4e00}-\\x{9fa5}\\x{3040}-\\x{309f}\\x{30a0}-\\x{30ff}]+"
#define ASCII_SIGNS  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]"
#define DEEPSEEK3                                                                             \
    ASCII_SIGNS                                                                               \
    "[A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|" LINES \
    "|" SPACES
#define DEEPSEEK_CJK "[\\x{4e00}-\\x{9fa5}\\x{800}-\\x{4e00}\\x{ac00}-\\x{d7ff}]+"

// clang-format off
/* DeepSeek LLM's published list of cased letters. */
#define DEEPSEEK_LETTERS \
    "\\s?[" \
    "A-Za-z\\x{b5}\\x{c0}-\\x{d6}\\x{d8}-\\x{f6}\\x{f8}-\\x{1ba}\\x{1bc}-\\x{1bf}\\x{1c4}" \
    "-\\x{293}\\x{295}-\\x{2af}\\x{370}-\\x{373}\\x{376}\\x{377}\\x{37b}-\\x{37d}\\x{37f}" \
    "\\x{386}\\x{388}-\\x{38a}\\x{38c}\\x{38e}-\\x{3a1}\\x{3a3}-\\x{3f5}\\x{3f7}-\\x{481}" \
    "\\x{48a}-\\x{52f}\\x{531}-\\x{556}\\x{10a0}-\\x{10c5}\\x{13a0}-\\x{13f5}\\x{13f8}-" \
    "\\x{13fd}\\x{1c90}-\\x{1cba}\\x{1cbd}-\\x{1cbf}\\x{1d00}-\\x{1d2b}\\x{1d6b}-" \
    "\\x{1d77}\\x{1d79}-\\x{1d9a}\\x{1e00}-\\x{1f15}\\x{1f18}-\\x{1f1d}\\x{1f20}-" \
    "\\x{1f45}\\x{1f48}-\\x{1f4d}\\x{1f50}-\\x{1f57}\\x{1f59}\\x{1f5b}\\x{1f5d}\\x{1f5f}-" \
    "\\x{1f7d}\\x{1f80}-\\x{1fb4}\\x{1fb6}-\\x{1fbc}\\x{1fbe}\\x{1fc2}-\\x{1fc4}\\x{1fc6}" \
    "-\\x{1fcc}\\x{1fd0}-\\x{1fd3}\\x{1fd6}-\\x{1fdb}\\x{1fe0}-\\x{1fec}\\x{1ff2}-" \
    "\\x{1ff4}\\x{1ff6}-\\x{1ffc}\\x{2102}\\x{2107}\\x{210a}-\\x{2113}\\x{2115}\\x{2119}-" \
    "\\x{211d}\\x{2124}\\x{2126}\\x{2128}\\x{212a}-\\x{212d}\\x{212f}-\\x{2134}\\x{2139}" \
    "\\x{213c}-\\x{213f}\\x{2145}-\\x{2149}\\x{214e}\\x{2183}\\x{2184}\\x{2c00}-\\x{2c7b}" \
    "\\x{2c7e}-\\x{2ce4}\\x{2ceb}-\\x{2cee}\\x{2cf2}\\x{2cf3}\\x{a640}-\\x{a66d}\\x{a680}" \
    "-\\x{a69b}\\x{a722}-\\x{a76f}\\x{a771}-\\x{a787}\\x{a78b}-\\x{a78e}\\x{ab70}-" \
    "\\x{abbf}\\x{fb00}-\\x{fb06}\\x{fb13}-\\x{fb17}\\x{ff21}-\\x{ff3a}\\x{ff41}-" \
    "\\x{ff5a}\\x{10400}-\\x{1044f}\\x{104b0}-\\x{104d3}\\x{104d8}-\\x{104fb}\\x{10c80}-" \
    "\\x{10cb2}\\x{10cc0}-\\x{10cf2}\\x{118a0}-\\x{118df}\\x{1e900}-\\x{1e943}" \
    "]+"

#define FALCON_SIGNS "[\\p{P}\\$\\+<=>\\^~\\|`]+"
#define BLOOM        " ?[^(\\s|.,!?…。，、।۔،)]+"
#define ANY_LINES    "[^\\n]+|[\\n]+"

static const struct named_pretokenizer table[] = {
    { .names = { "default" },
      .expressions = { "[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]" } },
    { .names = { "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0",
                 "lfm2", "jina-v5-nano" },
      .expressions = { LLAMA3 },
      .ignores_merges = true,
      .adds_bos = true },
    { .names = { "dbrx", "smaug-bpe", "chatglm-bpe", "glm4" }, .expressions = { LLAMA3 } },
    { .names = { "minicpm5" },
      .expressions = { "\\p{N}{1,3}", CONTRACTION "|" WORD "|\\p{N}+|" SIGNS "|" LINES "|" SPACES },
      .ignores_merges = true },
    { .names = { "jais-2" },
      .expressions = { CONTRACTION "|" WORD "|\\p{N}{1,3}|" SIGNS "|" LINES
                                   "|\\s{512}(?!\\S)|\\s{256}(?!\\S)|\\s{128}(?!\\S)|\\s{64}(?!\\S)"
                                   "|\\s{32}(?!\\S)|\\s{16}(?!\\S)|\\s{8}(?!\\S)|\\s{4}(?!\\S)"
                                   "|\\s{1,2}(?!\\S)|\\s{1}" } },
    { .names = { "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "hunyuan", "grok-2",
                 "solar-open" },
      .expressions = { QWEN2 },
      .keeps_spaces = true },
    { .names = { "stablelm2", "megrez" }, .expressions = { QWEN2 } },
    { .names = { "qwen35" },
      .expressions = { CONTRACTION "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}|"
                                   " ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" LINES "|" SPACES },
      .keeps_spaces = true },
    { .names = { "laguna" }, .expressions = { ANY_LINES, QWEN2 }, .keeps_spaces = true },
    { .names = { "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de",
                 "a.x-4.0", "mellum", "modern-bert", "jina-v1-en", "jina-v2-code", "roberta-bpe",
                 "exaone4", "mpt", "olmo", "jais" },
      .expressions = { GPT2 } },
    { .names = { "trillion", "granite-docling" }, .expressions = { GPT2 }, .keeps_spaces = true },
    { .names = { "starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2" },
      .expressions = { "\\p{N}", GPT2 } },
    { .names = { "command-r", "smollm" }, .expressions = { "\\p{N}", GPT2 }, .keeps_spaces = true },
    { .names = { "falcon" }, .expressions = { FALCON_SIGNS, GPT2, "[0-9][0-9][0-9]" } },
    { .names = { "deepseek-llm" },
      .expressions = { "[\\r\\n]", DEEPSEEK_LETTERS,
                       "\\s?[!-/:-~\\x{ff01}-\\x{ff0f}\\x{ff1a}-\\x{ff5e}\\x{2018}-\\x{201f}"
                       "\\x{3000}-\\x{3002}]+",
                       "\\s+$", DEEPSEEK_CJK, "\\p{N}+" },
      .keeps_spaces = true },
    { .names = { "deepseek-coder" },
      .expressions = { "[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", DEEPSEEK_CJK, "\\p{N}" },
      .keeps_spaces = true },
    { .names = { "deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4" },
      .expressions = { "\\p{N}{1,3}", KANA_AND_HAN, DEEPSEEK3 },
      .keeps_spaces = true },
    { .names = { "afmoe" },
      .expressions = { "(?=(\\d{3})+(?!\\d))",
                       "[一-鿿㐀-䶿\\x{f900}-\\x{faff}\\x{3040}-\\x{309f}\\x{30a0}-\\x{30ff}"
                       "\\x{ff65}-\\x{ff9f}\\x{2f00}-\\x{2fdf}\\x{e00}-\\x{e7f}\\x{e80}-\\x{eff}"
                       "\\x{1780}-\\x{17ff}\\x{1000}-\\x{109f}\\x{aa60}-\\x{aa7f}"
                       "\\x{a9e0}-\\x{a9ff}\\x{ac00}-\\x{d7af}\\x{1100}-\\x{11ff}]+",
                       DEEPSEEK3 },
      .keeps_spaces = true },
    { .names = { "spark2_5" },
      .expressions = { "\\p{N}{1,3}", KANA_AND_HAN,
                       ASCII_SIGNS "[A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|"
                                   " ?[\\p{P}\\p{S}]+|[\\r\\n]|" SPACES,
                       "\\p{N}" },
      .keeps_spaces = true },
    { .names = { "ufakzeka" },
      .expressions = { WORD "|\\p{N}|" SIGNS "|" LINES "|" SPACES },
      .keeps_spaces = true },
    { .names = { "youtu" },
      .expressions = { "[\\x{ac00}-\\x{d7a3}\\x{3131}-\\x{318e}]+|[！…“”‘’—：；，\\x{3001}-\\x{"
                       "303f}"
                       "\\x{fe30}-\\x{fe4f}]+|[\\x{3105}-\\x{312f}]+|" KANA_AND_HAN,
                       CASED(CONTRACTION "?") "|\\p{N}|" SIGNS_SLASH "|" LINES "|" SPACES },
      .ignores_merges = true,
      .keeps_spaces = true },
    { .names = { "poro-chat" }, .expressions = { BLOOM }, .keeps_spaces = true },
    { .names = { "bloom", "gpt3-finnish" }, .expressions = { BLOOM } },
    { .names = { "viking" }, .expressions = { BLOOM, "\\p{N}" }, .keeps_spaces = true },
    { .names = { "tekken" },
      .expressions = { CASED("") "|\\p{N}|" SIGNS_SLASH "|" LINES "|" SPACES },
      .ignores_merges = true,
      .adds_bos = true,
      .keeps_spaces = true },
    { .names = { "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2" },
      .expressions = { GPT4O },
      .keeps_spaces = true },
    { .names = { "granite-embed-multi-97m" },
      .expressions = { GPT4O },
      .ignores_merges = true,
      .keeps_spaces = true },
    { .names = { "tiny_aya", "cohere2moe" },
      .expressions = { "\\d{1,3}(?=(?:\\d{3})*\\b)", GPT4O },
      .keeps_spaces = true },
    { .names = { "kimi-k2" }, .expressions = { KIMI }, .keeps_spaces = true },
    { .names = { "superbpe" },
      .expressions = { "\\p{N}+", "(?=(\\d{3})+(?!\\d))" },
      .keeps_spaces = true },
    { .names = { "bailingmoe", "bailingmoe2", "llada-moe" },
      .expressions = { "'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|"
                       "\\p{N}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|" SPACES },
      .keeps_spaces = true },
    { .names = { "seed-coder" },
      .expressions = { CONTRACTION "|" WORD "|\\p{N}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|" LINES
                                   "|" SPACES },
      .keeps_spaces = true },
    { .names = { "exaone-moe" },
      .expressions = { CONTRACTION
                       "|[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}\\p{M}*(?: \\p{L}\\p{M}*)*)+|\\p{N}|"
                       " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]?|\\s*[\\r\\n]|" SPACES } },
    { .names = { "chameleon" },
      .expressions = { "<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
                       "([\\t\\n]|    |  )", "\\p{N}", "[\\p{P}!-/:-@\\[-`{-~]", GPT2 },
      .adds_bos = true,
      .keeps_spaces = true },
    { .names = { "gemma4", "granite-embed-multi-311m" },
      .expressions = { ANY_LINES },
      .adds_bos = true,
      .is_raw = true },
    { .names = { "sarvam-moe" },
      .expressions = { ANY_LINES },
      .is_raw = true,
      .keeps_spaces = true },
};

const struct named_pretokenizer *pretokenizer_named(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        for (size_t j = 0; j < COUNT_OF(table[i].names) && table[i].names[j]; j++)
            if (slice_equal(name, slice_of(table[i].names[j])))
                return &table[i];
    return NULL;
}
