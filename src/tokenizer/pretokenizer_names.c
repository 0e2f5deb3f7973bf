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
#define DEEPSEEK_LETTERS                                                                                                                                          \
    "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-"                                      \
    "ᲺᲽ-"                                                                                                                                                     \
    "Ჿᴀ-"                                                                                                                                                     \
    "ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅ"                                                                                                                      \
    "Ὀ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼ\\x{1fbe}ῂ-ῄῆ-ῌῐ-\\x{1fd3}ῖ-\\x{1fdb}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\\x{2126}ℨ\\x{" \
    "212a}-ℭℯ-ℴ"                                                                                                                                            \
    "ℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-"                   \
    "𐓓𐓘-"                                                                                                                                                   \
    "𐓻𐲀-"                                                                                                                                                   \
    "𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+"
// clang-format on

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
                 "a.x-4.0", "mellum", "modern-bert", "exaone4", "mpt", "olmo", "jais" },
      .expressions = { GPT2 } },
    { .names = { "trillion", "granite-docling" }, .expressions = { GPT2 }, .keeps_spaces = true },
    { .names = { "jina-v1-en", "jina-v2-code", "roberta-bpe" },
      .expressions = { GPT2 },
      .adds_separator = true },
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
