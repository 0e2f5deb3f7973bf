#include "cli/bench/bench_measure.h"
#include "cli/commands.h"
#include "cli/kv_option.h"
#include "cli/output.h"
#include "cli/replay_command.h"
#include "cli/bench/step_profile.h"

static const char about[] =
    "Measures every combination of the lists, one row each:\n"
    "  pp256              a prompt of 256 tokens\n"
    "  tg128              128 tokens generated one after the other\n"
    "  tg128 x8           the same by 8 sequences together; tokens of all of them count\n"
    "  tg128 @ d2048      the same with 2048 tokens read before (not measured)\n"
    "A value is the median of the repetitions, which take turns with those of the other rows; one\n"
    "round of at most 256 tokens of prompt or 8 generated before them is not counted. Columns:\n"
    "  tps                tokens a second\n"
    "  ttft_ms            from the prompt to the first token of the answer\n"
    "  read_gbs           how fast this machine reads memory with the same threads (10^9 bytes a "
    "second),\n"
    "                     measured beside it: before, and between steps every quarter of a second\n"
    "  read_share         bytes of weights, keys and values that the steps read / time / read "
    "speed\n"
    "  peak_gops          int8 multiplications and additions a second that the threads can do, in "
    "between too\n"
    "  peak_share         time of the matmuls at that peak (float weights: at that of float32) / "
    "time\n"
    "  load_ms            opening the model, its file in the page cache\n"
    "  peak_bytes         largest resident size, the mapped file among it\n"
    "  kv_bytes           pages of keys and values\n"
    "  extra_bytes        resident memory of no file (/proc/self/smaps_rollup) without these "
    "pages\n"
    "With --replay TRANSCRIPT... it measures what guessing gains: bench --replay --help.\n";

static bool measure_models(const struct bench_plan *plan, int n_models, char **models,
                           struct bench_report *report, struct error *err)
{
    for (int m = 0; m < n_models; m++)
        if (!bench_check(plan, models[m], err))
            return false;
    for (int m = 0; m < n_models; m++)
        for (size_t t = 0; t < plan->threads.count; t++)
            for (size_t k = 0; k < plan->n_kv_types; k++) {
                struct bench_setting setting = {
                    .path = models[m],
                    .n_threads = plan->threads.items[t],
                    .kv_type = plan->kv_types[k],
                };
                if (!bench_measure(plan, &setting, report, err))
                    return false;
            }
    return true;
}

/* Of each model, in the first of all settings. */
static bool profile_models(const struct bench_plan *plan, int n_models, char **models,
                           struct error *err)
{
    struct engine_options options = engine_defaults();
    options.n_threads = plan->threads.items[0];
    options.kv_type = plan->kv_types[0];
    uint32_t n_prompt = plan->prompts.count ? plan->prompts.items[0] : 1;
    uint32_t n_generate = plan->generations.count ? plan->generations.items[0] : 0;
    for (int m = 0; m < n_models; m++)
        if (!step_profile(models[m], &options, n_prompt, n_generate, err))
            return false;
    return true;
}

/* People get lines for one measurement of each kind and a table for more. */
static bool choose_format(enum bench_format *out, const struct bench_plan *plan, const char *name,
                          bool as_json, bool is_simple, struct error *err)
{
    *out = plan->is_paced ? BENCH_JSON_LINES
           : as_json      ? BENCH_JSON
           : is_simple    ? BENCH_TEXT
                          : BENCH_MARKDOWN;
    if (!name)
        return true;
    if (!bench_format_find(out, name, err))
        return false;
    if (plan->is_paced && *out != BENCH_JSON_LINES)
        return fail(err, ERROR_USAGE, "--paced prints rows as they come: --output jsonl only");
    if (*out == BENCH_TEXT && !is_simple)
        return fail(err, ERROR_USAGE, "--output text is for one prompt and one generation only");
    return true;
}

int bench_command(int argc, char **argv)
{
    if (replay_wanted(argc, argv))
        return replay_command(argc, argv);
    struct bench_plan plan = { .kv_type_names = kv_type_default(), .n_repetitions = 5 };
    const char *format_name = NULL;
    bool as_json = false, is_profile = false;
    const struct option_row rows[] = {
        { "prompt", 'p', OPTION_NUMBERS, &plan.prompts, 0, 1 << 24, "N,N",
          "Tokens of the prompt: 512; 0: none" },
        { "generate", 'n', OPTION_NUMBERS, &plan.generations, 0, 1 << 24, "N,N",
          "Tokens to generate: 128; 0: none" },
        { "depth", 'd', OPTION_NUMBERS, &plan.depths, 0, 1 << 24, "N,N", "Tokens read before: 0" },
        { "batch", 'b', OPTION_NUMBERS, &plan.batches, 1, BENCH_MOST_SEQUENCES, "N,N",
          "Sequences that generate together: 1" },
        { "threads", 't', OPTION_NUMBERS, &plan.threads, 0, 4096, "N,N",
          "Processors to use; 0: all" },
        { "kv-cache-type", 0, OPTION_TEXT, &plan.kv_type_names, 0, 0, "T,T",
          "Keys and values as f16, bf16, f32, q8_0 or auto" },
        { "repeat", 'r', OPTION_U32, &plan.n_repetitions, 1, BENCH_MOST_REPETITIONS, "N",
          "Repetitions: 5" },
        { "output", 'o', OPTION_TEXT, &format_name, 0, 0, "FORMAT",
          "text, md, csv, json or jsonl (a row a line)" },
        { "paced", 0, OPTION_FLAG, &plan.is_paced, 0, 0, NULL,
          "For scripts: each repetition waits for a line and prints its row" },
        { "json", 0, OPTION_FLAG, &as_json, 0, 0, NULL, "The same as --output json" },
        { "profile", 0, OPTION_FLAG, &is_profile, 0, 0, NULL,
          "Print instead what the time of a prompt and an answer goes into" },
    };
    const struct usage usage = {
        "bench FILE|DIR... [-p 16,512] [-n 128] [-d 0,2048] [-b 1,8] [-t 1,2] [-o md|csv|json]",
        about,
        rows,
        COUNT_OF(rows),
        1,
        -1
    };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;

    struct error err = { 0 };
    enum bench_format format;
    bool is_simple;
    if (!bench_plan_resolve(&plan, &err))
        return report_usage("bench", err.message);
    is_simple = argc == 2 && bench_plan_is_simple(&plan);
    if (!choose_format(&format, &plan, format_name, as_json, is_simple, &err))
        return report_usage("bench", err.message);
    if (is_profile) {
        bool is_done = profile_models(&plan, argc - 1, argv + 1, &err);
        return is_done ? 0 : report(err.message);
    }
    struct bench_report output;
    bench_report_init(&output, format);
    bool ok = measure_models(&plan, argc - 1, argv + 1, &output, &err) &&
              bench_report_end(&output, is_simple, &err);
    if (!ok)
        report(err.message);
    bench_report_release(&output);
    return ok ? 0 : 1;
}
