#include "tokenizer/unigram.h"

#include "base/memory.h"
#include "base/utf8.h"

/* Below the worst token, so that any token is better than none (SentencePiece's constant). */
static const double UNKNOWN_PENALTY = 10.0;

static bool takes(const struct unigram_options *options, uint8_t type)
{
    if (options->takes_any_type)
        return true;
    return type == TOKEN_NORMAL || type == TOKEN_USER_DEFINED || type == TOKEN_UNUSED;
}

bool unigram_init(struct unigram *model, const struct vocabulary *v, struct unigram_options options,
                  const char *name, struct error *err)
{
    *model = (struct unigram){ .options = options };
    double lowest = 0, highest = 0;
    bool any = false;
    for (size_t i = 0; i < v->count; i++) {
        struct slice text = v->texts[i];
        if (text.length == 0 || !takes(&options, v->types[i]))
            continue;
        if (text.length > TRIE_MAX_KEY)
            return fail(err, ERROR_UNSUPPORTED,
                        "'%s': token %zu has %zu bytes, at most %d are supported", name, i,
                        text.length, TRIE_MAX_KEY);
        if (!trie_add(&model->trie, text, (int32_t)i))
            return fail_memory(err, v->count * 16, "a trie of tokens");
        bool counts = options.takes_any_type || v->types[i] == TOKEN_NORMAL;
        double score = v->scores[i];
        if (counts && !(any && score >= lowest))
            lowest = score;
        if (counts && !(any && score <= highest))
            highest = score;
        any = any || counts;
    }
    model->unknown_score = lowest - UNKNOWN_PENALTY;
    model->best_score = highest;
    return true;
}

void unigram_release(struct unigram *model)
{
    trie_release(&model->trie);
}

/* The best way to reach a byte: by which token, from where. */
struct reached {
    double score;
    uint32_t from;
    token_id id;
    bool is_reached;
};

static double score_of(const struct unigram *model, const struct vocabulary *v, token_id id,
                       size_t length)
{
    if (v->types[id] == TOKEN_USER_DEFINED) {
        if (model->options.user_defined == USER_DEFINED_ZERO)
            return 0;
        if (model->options.user_defined == USER_DEFINED_BY_LENGTH)
            return (double)length * model->best_score - 0.1;
    }
    return v->scores[id];
}

static void improve(const struct unigram *model, struct reached *best, size_t from, size_t to,
                    token_id id, double score)
{
    double sum = best[from].score + score;
    if (model->options.is_single)
        sum = (float)sum;
    if (!best[to].is_reached || sum > best[to].score)
        best[to] = (struct reached){ sum, (uint32_t)from, id, true };
}

enum { ID_OF_UNKNOWN = -1 };

static void reach_all(const struct unigram *model, const struct vocabulary *v, struct slice text,
                      struct reached *best)
{
    best[0] = (struct reached){ .is_reached = true };
    for (size_t i = 0, length; i < text.length; i += length) {
        length = utf8_length((const uint8_t *)text.data + i, text.length - i);
        length = length ? length : 1;
        bool has_single = false;
        uint32_t node = TRIE_ROOT;
        for (size_t end = i; end < text.length; end++) {
            node = trie_step(&model->trie, node, (uint8_t)text.data[end]);
            if (node == TRIE_ROOT)
                break;
            token_id id = model->trie.values[node];
            if (id < 0 || v->types[id] == TOKEN_UNUSED)
                continue;
            has_single = has_single || end + 1 - i == length;
            improve(model, best, i, end + 1, id, score_of(model, v, id, end + 1 - i));
        }
        if (!has_single)
            improve(model, best, i, i + length, ID_OF_UNKNOWN, model->unknown_score);
    }
}

static bool push_unknown(const struct unigram *model, const struct vocabulary *v, struct slice text,
                         bool *was_unknown, struct token_list *out)
{
    bool has_bytes = model->options.has_byte_fallback;
    for (size_t i = 0; has_bytes && i < text.length; i++)
        has_bytes = v->bytes[(uint8_t)text.data[i]] >= 0;
    if (!has_bytes) {
        bool repeats = *was_unknown;
        *was_unknown = true;
        return repeats || model->options.unknown < 0 ||
               token_list_push(out, model->options.unknown);
    }
    *was_unknown = false;
    for (size_t i = 0; i < text.length; i++)
        if (!token_list_push(out, v->bytes[(uint8_t)text.data[i]]))
            return false;
    return true;
}

/* Follow the best way back, then push its tokens in order. `best[i].from` is turned into the way
 * forward. */
static bool push_path(const struct unigram *model, const struct vocabulary *v, struct slice text,
                      struct reached *best, struct token_list *out, struct error *err)
{
    size_t next = text.length;
    for (size_t i = text.length; i > 0;) {
        size_t from = best[i].from;
        best[i].from = (uint32_t)next;
        next = i;
        i = from;
    }
    bool was_unknown = false;
    for (size_t from = 0, to = next; from < text.length; from = to, to = best[to].from) {
        token_id id = best[to].id;
        bool is_unknown = id == ID_OF_UNKNOWN || id == model->options.unknown;
        if (is_unknown && model->options.unknown < 0 && !model->options.has_byte_fallback)
            return fail(err, ERROR_FORMAT,
                        "'%s' is no token, and the vocabulary has no unknown one",
                        printable((struct slice){ text.data + from, to - from }));
        bool ok = true;
        if (is_unknown)
            ok = push_unknown(model, v, (struct slice){ text.data + from, to - from }, &was_unknown,
                              out);
        else
            ok = token_list_push(out, id);
        if (!ok)
            return fail_memory(err, out->count * sizeof *out->ids, "token ids");
        was_unknown = was_unknown && is_unknown;
    }
    return true;
}

bool unigram_encode(const struct unigram *model, const struct vocabulary *v, struct slice text,
                    struct token_list *out, struct error *err)
{
    if (text.length == 0)
        return true;
    if (text.length >= UINT32_MAX)
        return fail(err, ERROR_BUDGET, "a piece of %zu bytes, at most %u are supported",
                    text.length, UINT32_MAX - 1);
    struct reached *best = memory_zeroed(text.length + 1, sizeof *best);
    if (!best)
        return fail_memory(err, (text.length + 1) * sizeof *best, "a segmentation");
    reach_all(model, v, text, best);
    bool ok = push_path(model, v, text, best, out, err);
    memory_free(best);
    return ok;
}
