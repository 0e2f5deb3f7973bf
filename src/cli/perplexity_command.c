#include "base/clock.h"
#include "base/mapped_file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/kv_option.h"
#include "cli/output.h"
#include "runtime/engine.h"

#include <math.h>
#include <stdio.h>

static const char about[] =
    "How well the model predicts a text: exp of the mean negative log-likelihood of its tokens.\n"
    "The text is read in windows of the context's length. Each begins with the vocabulary's\n"
    "beginning token, if it has one, and advances by half a window, so that every token is "
    "predicted\n"
    "exactly once, after the first window with at least half a window before it. Without a "
    "beginning\n"
    "token the very first token is not predicted. bits_per_byte divides the same sum by the bytes "
    "of\n"
    "the predicted text.\n";

/* Rows of logits a step may ask for: 64 x 128k words x 4 bytes are 32 MB. */
enum { STEP_TOKENS = 64, DEFAULT_WINDOW = 2048 };

struct perplexity {
    struct engine *engine;
    struct sequence *sequence;
    struct token_list tokens; /* of the whole text, without the beginning token */
    token_id bos;             /* -1: none */
    uint32_t window;          /* tokens a sequence may have, the beginning token among them */
    size_t n_predicted;
    double sum; /* of negative log-likelihoods, in nats */
    double predicted_bytes;
    uint64_t elapsed_ns;
};

/* -log of the softmax's probability of `token`. */
static double surprise(const float *logits, size_t n, token_id token)
{
    float max = logits[0];
    for (size_t i = 1; i < n; i++)
        max = logits[i] > max ? logits[i] : max;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)expf(logits[i] - max);
    return log(sum) + (double)max - (double)logits[token];
}

/* Append tokens [begin, end) to the sequence. From `first_counted` on, what each predicts (the next
 * of the text, if that is before `last_predicted`) is counted. */
static bool read_tokens(struct perplexity *p, const token_id *ids, size_t n, size_t first_predicted,
                        size_t predicted_from, size_t predicted_to, struct error *err)
{
    size_t n_vocab = (size_t)engine_config(p->engine)->n_vocab;
    for (size_t done = 0; done < n;) {
        size_t portion = size_min(n - done, STEP_TOKENS);
        struct batch_item item = { .sequence = p->sequence,
                                   .tokens = ids + done,
                                   .n_tokens = (uint32_t)portion,
                                   .wanted = LOGITS_ALL };
        size_t first = first_predicted + done; /* what the first row of this step predicts */
        if (first + portion <= predicted_from || first >= predicted_to)
            item.wanted = LOGITS_NONE;
        if (!engine_step(p->engine, &item, 1, err))
            return false;
        for (size_t i = 0; item.wanted == LOGITS_ALL && i < portion; i++) {
            size_t next = first + i;
            if (next < predicted_from || next >= predicted_to)
                continue;
            p->sum += surprise(item.logits + i * item.logits_stride, n_vocab, p->tokens.ids[next]);
            p->n_predicted++;
        }
        done += portion;
    }
    return true;
}

/* A window over tokens [begin, end) of the text, of which those from `counted` on are predicted. */
static bool read_window(struct perplexity *p, size_t begin, size_t end, size_t counted,
                        struct error *err)
{
    sequence_truncate(p->sequence, 0);
    if (p->bos >= 0 && !read_tokens(p, &p->bos, 1, begin, counted, end, err))
        return false;
    /* the last token predicts nothing that belongs to this window */
    size_t n = end - begin - 1;
    return read_tokens(p, p->tokens.ids + begin, n, begin + 1, counted, end, err);
}

static void show_progress(const struct perplexity *p, size_t done)
{
    if (p->n_predicted)
        progress("%zu of %zu tokens, perplexity so far %.4f", done, p->tokens.count,
                 exp(p->sum / (double)p->n_predicted));
}

static bool measure(struct perplexity *p, struct error *err)
{
    size_t room = p->window - (p->bos >= 0);
    size_t stride = room / 2, counted = p->bos >= 0 ? 0 : 1;
    uint64_t began = clock_ns();
    for (size_t begin = 0; counted < p->tokens.count; begin += stride) {
        size_t end = size_min(begin + room, p->tokens.count);
        if (!read_window(p, begin, end, counted, err))
            return false;
        counted = end;
        show_progress(p, end);
    }
    p->elapsed_ns = clock_ns() - began;
    return true;
}

/* Bytes of the text that are predicted: without a beginning token, those of the first token are
 * not. */
static bool count_bytes(struct perplexity *p, size_t text_bytes, struct error *err)
{
    p->predicted_bytes = (double)text_bytes;
    if (p->bos >= 0)
        return true;
    struct text first;
    text_init(&first, 1 << 20);
    bool ok = tokenizer_decode(engine_tokenizer(p->engine), p->tokens.ids, 1, true, &first, err);
    p->predicted_bytes -= (double)first.length;
    text_release(&first);
    return ok;
}

static bool encode_text(struct perplexity *p, const char *path, struct error *err)
{
    const struct tokenizer *t = engine_tokenizer(p->engine);
    struct mapped_file *file = NULL;
    if (!t)
        return fail(err, ERROR_UNSUPPORTED, "the model has no tokenizer, which perplexity needs");
    if (!mapped_file_open(&file, path, err))
        return false;
    struct slice text = { (const char *)file->data, file->size };
    p->bos = tokenizer_adds_bos(t) ? tokenizer_bos(t) : -1;
    bool ok = tokenizer_encode(t, text, (struct encode_options){ 0 }, &p->tokens, err);
    if (ok && p->tokens.count < 2)
        ok = fail(err, ERROR_USAGE, "'%s' has %zu tokens, but at least 2 are needed", path,
                  p->tokens.count);
    ok = ok && count_bytes(p, file->size, err);
    mapped_file_close(&file);
    return ok;
}

static bool run(struct perplexity *p, const char *model, const char *text,
                const struct engine_options *options, struct error *err)
{
    if (!engine_open(&p->engine, model, options, err) || !encode_text(p, text, err))
        return false;
    uint32_t n_ctx = engine_n_ctx(p->engine);
    p->window = options->n_ctx ? n_ctx : (uint32_t)size_min(n_ctx, DEFAULT_WINDOW);
    if (p->window < 4)
        return fail(err, ERROR_USAGE, "a context of %u tokens is too short, at least 4 are needed",
                    p->window);
    return sequence_open(&p->sequence, p->engine, err) && measure(p, err);
}

static void print_result(const struct perplexity *p, bool as_json)
{
    double perplexity = exp(p->sum / (double)p->n_predicted);
    double bits = p->sum / log(2.0) / p->predicted_bytes;
    double seconds = (double)p->elapsed_ns / 1e9;
    if (as_json)
        printf("{\"perplexity\":%.6f,\"bits_per_byte\":%.6f,\"tokens\":%zu,\"seconds\":%.3f}\n",
               perplexity, bits, p->n_predicted, seconds);
    else
        printf(
            "perplexity     %.4f\nbits per byte  %.4f\ntokens         %zu\nseconds        %.3f\n",
            perplexity, bits, p->n_predicted, seconds);
}

int perplexity_command(int argc, char **argv)
{
    bool as_json = false;
    uint32_t n_threads = 0, n_ctx = 0;
    const char *kv_type = kv_type_default();
    const struct option_row rows[] = {
        { "num-ctx", 0, OPTION_U32, &n_ctx, 0, 0, "N",
          "Length of a window; 0: 2048, or the model's if that is less" },
        KV_TYPE_ROW(&kv_type),
        { "threads", 't', OPTION_U32, &n_threads, 0, 4096, "N", "Processors to use; 0: all" },
        { "json", 0, OPTION_FLAG, &as_json, 0, 0, NULL, "One line of JSON" },
    };
    const struct usage usage = {
        "perplexity FILE|DIR TEXTFILE", about, rows, COUNT_OF(rows), 2, 2
    };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;

    struct error err = { 0 };
    struct perplexity p = { 0 };
    struct engine_options options = engine_defaults();
    options.n_threads = n_threads;
    options.n_ctx = n_ctx;
    options.max_batch_tokens = STEP_TOKENS;
    options.max_outputs = STEP_TOKENS;
    if (!kv_type_from_name(kv_type, &options.kv_type, &err))
        return report_usage("perplexity", err.message);
    bool ok = run(&p, argv[1], argv[2], &options, &err);
    progress_clear();
    if (ok)
        print_result(&p, as_json);
    else
        report(err.message);
    sequence_close(&p.sequence);
    engine_close(&p.engine);
    token_list_release(&p.tokens);
    return ok ? 0 : 1;
}
