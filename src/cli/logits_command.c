#include "base/memory.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/kv_option.h"
#include "cli/output.h"
#include "cli/token_ids.h"
#include "runtime/engine.h"

#include <math.h>
#include <stdio.h>

static const char about[] =
    "Prints {\"logits\":[...],\"greedy\":[...]}: the logits after the last of the given tokens, "
    "and the\n"
    "ids of the N tokens that follow when always the likeliest is taken. Tokens are given as ids,\n"
    "nothing is put in front of them.\n";

static void print_logits(const float *logits, size_t n)
{
    printf("{\"logits\":[");
    for (size_t i = 0; i < n; i++)
        printf(isfinite(logits[i]) ? "%s%.9g" : "%snull", i ? "," : "", (double)logits[i]);
    printf("],\"greedy\":[");
}

static bool print_answer(struct engine *engine, const struct token_list *tokens, uint32_t n_greedy,
                         struct error *err)
{
    struct sequence *sequence = NULL;
    float *logits = NULL;
    size_t n_vocab = (size_t)engine_config(engine)->n_vocab;
    bool ok = sequence_open(&sequence, engine, err) &&
              engine_prefill(engine, sequence, tokens->ids, tokens->count, &logits, NULL, err);
    if (ok)
        print_logits(logits, n_vocab);
    for (uint32_t i = 0; ok && i < n_greedy; i++) {
        float value;
        token_id next =
            (token_id)engine_kernels(engine)->elementwise.argmax(logits, n_vocab, &value);
        printf("%s%d", i ? "," : "", next);
        if (i + 1 < n_greedy)
            ok = engine_prefill(engine, sequence, &next, 1, &logits, NULL, err);
    }
    if (ok)
        puts("]}");
    sequence_close(&sequence);
    return ok;
}

int logits_command(int argc, char **argv)
{
    /* for comparing with other engines, number by number */
    const char *ids = NULL, *kv_type = "f32";
    uint32_t n_greedy = 0, n_threads = 0;
    const struct option_row rows[] = {
        { "tokens", 0, OPTION_TEXT, &ids, 0, 0, "\"1 2 3\"", "The tokens to read" },
        { "greedy", 0, OPTION_U32, &n_greedy, 0, 0, "N", "How many tokens to go on; 0 at first" },
        KV_TYPE_ROW(&kv_type),
        { "threads", 't', OPTION_U32, &n_threads, 0, 4096, "N", "Processors to use; 0: all" },
    };
    const struct usage usage = {
        "logits FILE|DIR --tokens \"1 2 3\" [--greedy N]", about, rows, COUNT_OF(rows), 1, 1
    };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;

    struct error err = { 0 };
    struct token_list tokens = { 0 };
    struct engine *engine = NULL;
    struct engine_options options = engine_defaults();
    options.n_threads = n_threads;
    if (!token_ids_parse(slice_of(ids ? ids : ""), &tokens, &err))
        status = report_usage("logits", err.message);
    else if (tokens.count == 0)
        status = report_usage("logits", "--tokens holds no token");
    else if (!kv_type_from_name(kv_type, &options.kv_type, &err))
        status = report_usage("logits", err.message);
    else if (!engine_open(&engine, argv[1], &options, &err) ||
             !print_answer(engine, &tokens, n_greedy, &err))
        status = report(err.message);
    else
        status = 0;
    engine_close(&engine);
    token_list_release(&tokens);
    return status;
}
