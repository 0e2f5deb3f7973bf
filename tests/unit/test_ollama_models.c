#include "test.h"

#include "server/ollama/ollama_models.h"

#include <time.h>

static const struct listed_model LISTED = { .name = "tiny:latest",
                                            .path = "/models/tiny.gguf",
                                            .size_bytes = 5000,
                                            .modified_ns = 1700000000500000000,
                                            .format = "gguf",
                                            .architecture = "llama",
                                            .quantization = "Q4_K_M",
                                            .n_parameters = 8030261312,
                                            .n_ctx_train = 131072,
                                            .n_embd = 4096,
                                            .capabilities = "completion,tools",
                                            .digest = "ab12" };
static const char INFO[] =
    "{\"architecture\":\"llama\",\"name\":\"Tiny\",\"quantization\":\"Q8_0\",\"format\":\"gguf\","
    "\"n_parameters\":1500000,\"n_ctx_train\":256,\"n_embd\":32,\"template\":\"<{{ .Prompt }}>\","
    "\"capabilities\":[\"completion\",\"tools\"],\"tensors\":[{\"name\":\"a\",\"type\":\"F32\","
    "\"shape\":[2,3]}],\"metadata\":{\"general.architecture\":\"llama\",\"general.name\":\"Tiny\","
    "\"llama.rope\":[1,2],\"empty\":[],\"long\":null,\"tokenizer.chat_template\":\"t\","
    "\"general.license\":\"mit\"}}";

#define DETAILS(family, size, level, ctx, embd)                                   \
    "\"details\":{\"parent_model\":\"\",\"format\":\"gguf\",\"family\":\"" family \
    "\",\"families\":[\"" family "\"],\"parameter_size\":\"" size                 \
    "\",\"quantization_level\":\"" level "\",\"context_length\":" ctx             \
    ",\"embedding_length\":" embd "}"

static struct text out;

static struct go_json begin(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    text_release(&out);
    text_init(&out, 1 << 16);
    return go_json_init(&out);
}

TEST(ollama_tags_tell_of_a_model_on_disk)
{
    struct go_json w = begin();
    ollama_tag_write(&w, &LISTED);
    assert_true(w.ok);
    assert_string_equal(out.data,
                        "{\"name\":\"tiny:latest\",\"model\":\"tiny:latest\",\"modified_at\":"
                        "\"2023-11-14T22:13:20.5Z\",\"size\":5000,\"digest\":\"ab12\"," DETAILS(
                            "llama", "8.0B", "Q4_K_M", "131072",
                            "4096") ",\"capabilities\":[\"completion\",\"tools\"]}");
    text_release(&out);
}

TEST(ollama_tags_of_a_file_that_cannot_be_read_have_no_families)
{
    struct listed_model broken = LISTED;
    struct go_json w = begin();
    broken.architecture = broken.quantization = broken.capabilities = "";
    broken.n_parameters = broken.n_ctx_train = broken.n_embd = 0;
    ollama_tag_write(&w, &broken);
    assert_non_null(strstr(out.data, "\"family\":\"\",\"families\":null,\"parameter_size\":\"\","
                                     "\"quantization_level\":\"\"}"));
    text_release(&out);
}

static void check_size(uint64_t n_parameters, const char *wanted)
{
    char member[60];
    struct listed_model model = LISTED;
    struct go_json w = begin();
    model.n_parameters = n_parameters;
    ollama_tag_write(&w, &model);
    snprintf(member, sizeof member, "\"parameter_size\":\"%s\"", wanted);
    assert_non_null(strstr(out.data, member));
    text_release(&out);
}

TEST(ollama_parameters_are_counted_as_people_read_them)
{
    check_size(999, "999");
    check_size(1000, "1K");
    check_size(134515008, "134.52M");
    check_size(137000000, "137M");
    check_size(7000000000, "7B");
    check_size(7615616512, "7.6B");
}

TEST(ollama_ps_counts_the_memory_that_a_model_uses)
{
    const struct json *info;
    struct error err = { 0 };
    assert_ok(json_open(&info, INFO, sizeof INFO - 1, "test", &err), err);
    struct resident model = { .name = "tiny:latest",
                              .weights_bytes = 100,
                              .scratch_bytes = 20,
                              .kv_bytes = 9,
                              .kv_used_bytes = 1,
                              .kv_cached_bytes = 2,
                              .n_ctx = 128,
                              .expires_at_ns = INT64_MAX,
                              .info = info,
                              .pid = 7 };
    struct go_json w = begin();
    ollama_resident_write(&w, &model, slice_of("ab12"));
    assert_string_equal(
        out.data, "{\"name\":\"tiny:latest\",\"model\":\"tiny:latest\",\"size\":123,\"digest\":"
                  "\"ab12\"," DETAILS(
                      "llama", "1.50M", "Q8_0", "256",
                      "32") ",\"expires_at\":\"2262-04-11T23:47:16.854775807Z\",\"size_vram\":0,"
                            "\"context_length\":128,\"weights_bytes\":100,\"scratch_bytes\":20,"
                            "\"kv_bytes\":9,\"kv_used_bytes\":1,\"kv_cached_bytes\":2,\"pid\":7,"
                            "\"running\":0,\"waiting\":0,\"prompt_tokens\":0,\"cached_tokens\":0,"
                            "\"answer_tokens\":0}");
    json_close(&info);
    text_release(&out);
}

TEST(ollama_show_tells_of_an_open_model)
{
    const struct json *info;
    struct error err = { 0 };
    assert_ok(json_open(&info, INFO, sizeof INFO - 1, "test", &err), err);
    struct shown_model shown = { .listed = &LISTED, .info = info, .system = slice_of("be\nkind") };
    struct go_json w = begin();
    ollama_show_write(&w, &shown);
    assert_true(w.ok);
    assert_string_equal(
        out.data,
        "{\"license\":\"mit\",\"modelfile\":\"# Modelfile generated by \\\"hearth show\\\"\\n"
        "# To build a new Modelfile based on this, replace FROM with:\\n# FROM tiny:latest\\n\\n"
        "FROM /models/tiny.gguf\\nTEMPLATE \\\"\\\"\\\"\\u003c{{ .Prompt }}\\u003e\\\"\\\"\\\"\\n"
        "SYSTEM \\\"\\\"\\\"be\\nkind\\\"\\\"\\\"\\n\",\"template\":\"\\u003c{{ .Prompt "
        "}}\\u003e\","
        "\"is_plain\":false,\"system\":\"be\\nkind\"," DETAILS(
            "llama", "1.50M", "Q8_0", "256",
            "32") ",\"model_info\":{\"general.architecture\":\"llama\",\"llama.rope\":null,"
                  "\"empty\":[],"
                  "\"long\":null,\"general.license\":\"mit\",\"general.parameter_count\":1500000},"
                  "\"tensors\":[{\"name\":\"a\",\"type\":\"F32\",\"shape\":[2,3]}],"
                  "\"capabilities\":["
                  "\"completion\",\"tools\"],\"modified_at\":\"2023-11-14T22:13:20.5Z\"}");
    shown.is_verbose = true;
    w = begin();
    ollama_show_write(&w, &shown);
    assert_non_null(strstr(out.data, "\"llama.rope\":[1,2]"));
    json_close(&info);
    text_release(&out);
}

TEST(ollama_show_of_a_model_that_cannot_be_opened_has_the_lists_facts)
{
    struct shown_model shown = { .listed = &LISTED };
    struct go_json w = begin();
    ollama_show_write(&w, &shown);
    assert_non_null(strstr(out.data, DETAILS("llama", "8.0B", "Q4_K_M", "131072", "4096")));
    assert_non_null(strstr(out.data, "\"model_info\":{\"general.architecture\":\"llama\","
                                     "\"general.parameter_count\":8030261312}"));
    text_release(&out);
}
