#include "cli/bench/step_profile.h"

#include "array/profile.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "runtime/sampler.h"
#include "runtime/sequence.h"

#include <stdio.h>

enum { PIECE_LIMIT = 1 << 16 };

/* One part of the measurement: the prompt or the answer. */
struct part {
    const char *title;
    struct engine *engine;
    uint64_t began_ns, total_ns, sampling_ns, text_ns;
};

static bool part_begin(struct part *part, const char *title, struct engine *engine,
                       struct error *err)
{
    *part = (struct part){ .title = title, .engine = engine, .began_ns = clock_ns() };
    return engine_profile_start(engine, err);
}

/* `ns`: of the step, that is of all its threads divided by their number. */
static void print_line(const char *name, double calls, double ns, double total_ns)
{
    printf("  %-34s%11.1f%12.4f%9.2f %%\n", name, calls, ns / 1e6, 100 * ns / total_ns);
}

static void part_print(const struct part *part)
{
    struct profile_report report;
    if (!engine_profile(part->engine, &report) || report.n_runs == 0)
        return;
    double steps = (double)report.n_runs, scale = 1 / (steps * (double)report.n_threads);
    double total = (double)part->total_ns / steps, kernels[PROFILE_NO_KERNEL + 1] = { 0 };
    double sampling = (double)part->sampling_ns / steps, text = (double)part->text_ns / steps;
    printf("%s: %.0f steps of %.4f ms, %zu threads\n", part->title, steps, total / 1e6,
           report.n_threads);
    printf("  %-34s%11s%12s%11s\n", "", "calls/step", "ms/step", "share");
    for (size_t i = 0; i < report.n_rows; i++) {
        const struct profile_row *row = &report.rows[i];
        kernels[row->kind] += (double)row->ns * scale;
        print_line(row->name, (double)row->calls / steps, (double)row->ns * scale, total);
    }
    print_line("sampling", 1, sampling, total);
    print_line("text", 1, text, total);
    print_line("other things around steps", 1,
               total - (double)report.run_ns / steps - sampling - text, total);
    double large = kernels[PROFILE_MATRIX] + kernels[PROFILE_ATTENTION];
    printf("  %-34s%23.4f%9.2f %%\n", "outside matmul and attention", (total - large) / 1e6,
           100 * (1 - large / total));
    printf("  %-34s%23.4f%9.2f %%\n\n", "outside all kernels",
           (total - large - kernels[PROFILE_ROW]) / 1e6,
           100 * (1 - (large + kernels[PROFILE_ROW]) / total));
}

static bool pick(struct part *part, struct sampler *sampler, const float *logits, token_id *token,
                 struct error *err)
{
    uint64_t began = clock_ns();
    bool ok =
        sampler_pick(sampler, logits, NULL, token, NULL, err) && sampler_accept(sampler, *token);
    part->sampling_ns += clock_ns() - began;
    return ok;
}

static bool write_text(struct part *part, struct token_stream *stream, token_id token,
                       struct text *text, struct error *err)
{
    const struct tokenizer *tokenizer = engine_tokenizer(part->engine);
    if (!tokenizer)
        return true;
    uint64_t began = clock_ns();
    text_clear(text);
    bool ok = token_stream_next(tokenizer, stream, token, false, text, err);
    part->text_ns += clock_ns() - began;
    return ok;
}

static bool measure_answer(struct part *part, struct sequence *sequence, float *logits,
                           struct sampler *sampler, uint32_t n_generate, struct error *err)
{
    struct token_stream stream = { 0 };
    struct text text;
    text_init(&text, PIECE_LIMIT);
    bool ok = true;
    for (uint32_t i = 0; ok && i < n_generate; i++) {
        token_id token;
        ok = pick(part, sampler, logits, &token, err) &&
             write_text(part, &stream, token, &text, err) &&
             engine_prefill(part->engine, sequence, &token, 1, &logits, NULL, err);
    }
    text_release(&text);
    return ok;
}

/* Prompt and answer; what is printed has been through once before. */
static bool measure(struct engine *engine, struct sampler *sampler, const token_id *prompt,
                    size_t n_prompt, uint32_t n_generate, bool is_printed, struct error *err)
{
    struct sequence *sequence = NULL;
    struct part reading, writing;
    float *logits;
    bool ok = sequence_open(&sequence, engine, err) &&
              part_begin(&reading, "prompt", engine, err) &&
              engine_prefill(engine, sequence, prompt, n_prompt, &logits, NULL, err);
    if (ok) {
        reading.total_ns = clock_ns() - reading.began_ns;
        if (is_printed)
            part_print(&reading);
        ok = part_begin(&writing, "generation", engine, err) &&
             measure_answer(&writing, sequence, logits, sampler, n_generate, err);
    }
    if (ok && is_printed) {
        writing.total_ns = clock_ns() - writing.began_ns;
        part_print(&writing);
    }
    sequence_close(&sequence);
    return ok;
}

/* Tokens that a text could have. */
static token_id *some_prompt(const struct engine *engine, uint32_t n)
{
    uint64_t n_vocab = (uint64_t)engine_config(engine)->n_vocab;
    token_id *prompt = memory_zeroed(n, sizeof *prompt);
    for (uint32_t i = 0; prompt && i < n; i++)
        prompt[i] = (token_id)((i * 7919u + 13) % n_vocab);
    return prompt;
}

static bool measure_twice(struct engine *engine, struct sampler *sampler, uint32_t n_prompt,
                          uint32_t n_generate, struct error *err)
{
    token_id *prompt = some_prompt(engine, n_prompt);
    bool ok = prompt || fail_memory(err, n_prompt * sizeof *prompt, "a prompt");
    for (int round = 0; ok && round < 2; round++)
        ok = measure(engine, sampler, prompt, n_prompt, n_generate, round > 0, err);
    memory_free(prompt);
    return ok;
}

bool step_profile(const char *path, const struct engine_options *options, uint32_t n_prompt,
                  uint32_t n_generate, struct error *err)
{
    struct engine *engine = NULL;
    struct sampler *sampler = NULL;
    struct sampler_options sampling = sampler_defaults();
    sampling.seed = 1;
    printf("%s\n", path);
    bool ok = engine_open(&engine, path, options, err) &&
              sampler_open(&sampler, &sampling, (size_t)engine_config(engine)->n_vocab,
                           engine_kernels(engine), err) &&
              measure_twice(engine, sampler, n_prompt, n_generate, err);
    sampler_close(&sampler);
    engine_close(&engine);
    return ok;
}
