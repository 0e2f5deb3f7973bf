/* Any bytes: read as a JSON Schema they give a grammar all of whose sampled texts are JSON that the
 * schema accepts, or an error; in either case soon. */
#include "runtime/grammar/json_schema.h"
#include "runtime/grammar/sample.h"
#include "runtime/grammar/schema_shape.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STATES_BYTES = 16 << 20, TEXT_BYTES = 4096 };

/* The judge computes with doubles, grammars with digits: they part ways at long numbers. */
static bool has_long_number(struct slice text)
{
    size_t run = 0;
    for (size_t i = 0; i < text.length && run < 9; i++) {
        bool is_digit = text.data[i] >= '0' && text.data[i] <= '9';
        run = is_digit ? run + 1 : 0;
    }
    return run >= 9;
}

static void check_text(const struct json *schema, struct slice text)
{
    struct error err = { 0 };
    const struct json *value;
    struct schema_document document;
    bool accepts = true;
    if (!json_open(&value, text.data, text.length, "sample", &err)) {
        fprintf(stderr, "%s: '%.*s'\n", err.message, (int)text.length, text.data);
        abort();
    }
    if (schema_document_open(&document, schema, &err) && !has_long_number(text)) {
        if (schema_accepts(&document, schema, value, &accepts, &err) && !accepts) {
            fprintf(stderr, "not valid: '%.*s'\n", (int)text.length, text.data);
            abort();
        }
    }
    schema_document_close(&document);
    json_close(&value);
}

static void check_texts(const struct json *schema, struct matcher *m)
{
    struct error err = { 0 };
    uint64_t random = 1;
    for (int i = 0; i < 2; i++) {
        struct text text;
        text_init(&text, TEXT_BYTES);
        if (grammar_sample(m, &random, 40, &text, &err))
            check_text(schema, (struct slice){ text.data ? text.data : "", text.length });
        else
            assert(err.code == ERROR_BUDGET || err.code == ERROR_MEMORY);
        text_release(&text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = { 0 };
    const struct json *schema;
    struct grammar *g = NULL;
    struct matcher *m = NULL;
    if (!json_open(&schema, (const char *)data, size, "schema", &err))
        return 0;
    bool is_open = json_schema_open(&g, schema, JSON_SPACING_FREE, &err) &&
                   matcher_open(&m, g, STATES_BYTES, &err);
    assert(is_open || (err.code != ERROR_NONE && err.message[0]));
    if (is_open)
        check_texts(schema, m);
    matcher_close(&m);
    grammar_close(&g);
    json_close(&schema);
    return 0;
}
