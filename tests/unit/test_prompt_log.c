#include "test.h"

#include "base/log.h"
#include "server/prompt_log.h"
#include "server/config/server_config.h"

#include <unistd.h>

static char path[] = "/tmp/hearth-prompts-XXXXXX";

/* A new log of JSON lines. */
static void begin(void)
{
    struct error err = { 0 };
    strcpy(path, "/tmp/hearth-prompts-XXXXXX");
    close(mkstemp(path));
    assert_ok(log_open(&(struct log_options){ LOG_INFO, true, path }, &err), err);
}

/* What was logged, without the times. */
static const char *logged(void)
{
    static char lines[1 << 18], all[1 << 18];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    lines[0] = '\0';
    while (fgets(all, sizeof all, file))
        strcat(lines, strstr(all, "\"message\""));
    fclose(file);
    log_close();
    unlink(path);
    return lines;
}

static void say(struct prompt_log *log, enum task_event_kind kind, uint32_t choice,
                const char *text)
{
    struct task_event event = { .kind = kind, .choice = choice, .text = slice_of(text) };
    prompt_log_hear(log, &event);
}

static struct prompt_log *start(bool is_wanted, const char *request)
{
    const struct server_config config = { .log_prompts = is_wanted };
    struct response *response = response_new();
    response_header(response, "X-Request-Id", "req_7");
    const struct wish wish = { .kind = WISH_REQUEST,
                               .model = slice_of("ember"),
                               .request = slice_of(request) };
    struct prompt_log *log = prompt_log_new(&config, response, &wish, 1);
    response_drop(&response);
    return log;
}

TEST(prompts_are_in_no_log_unless_wanted)
{
    begin();
    struct prompt_log *log = start(false, "{\"prompt\":\"secret\"}");
    assert_null(log);
    say(log, TASK_CONTENT, 0, "secret");
    say(log, TASK_DONE, 0, "");
    prompt_log_free(&log);
    assert_null(prompt_log_new(NULL, NULL, NULL, 0));
    assert_string_equal(logged(), "");
}

TEST(prompts_and_answers_are_told_with_the_number_of_the_request)
{
    begin();
    struct prompt_log *log = start(true, "{\"prompt\":\"Hi\"}");
    say(log, TASK_THINKING, 0, "hm");
    say(log, TASK_CONTENT, 1, "Hel");
    say(log, TASK_CONTENT, 0, "Yes");
    say(log, TASK_CONTENT, 1, "lo");
    say(log, TASK_DONE, 1, "");
    say(log, TASK_DONE, 0, "");
    say(log, TASK_DONE, 4000000, "");
    prompt_log_free(&log);
    assert_null(log);
    assert_string_equal(logged(),
                        "\"message\":\"asked\",\"id\":\"req_7\",\"model\":\"ember\",\"bytes\":15,"
                        "\"request\":\"{\\\"prompt\\\":\\\"Hi\\\"}\"}\n"
                        "\"message\":\"answered\",\"id\":\"req_7\",\"choice\":1,\"thinking\":\"\","
                        "\"content\":\"Hello\","
                        "\"calls\":\"\"}\n"
                        "\"message\":\"answered\",\"id\":\"req_7\",\"choice\":0,\"thinking\":"
                        "\"hm\",\"content\":\"Yes\","
                        "\"calls\":\"\"}\n");
}

TEST(long_prompts_are_cut_and_stay_in_one_line)
{
    begin();
    char *long_text = calloc(1, 200001);
    memset(long_text, 'x', 200000);
    struct prompt_log *log = start(true, long_text);
    say(log, TASK_CONTENT, 0, long_text);
    say(log, TASK_CONTENT, 0, "more");
    say(log, TASK_DONE, 0, "");
    prompt_log_free(&log);
    const char *lines = logged();
    assert_non_null(strstr(lines, "\"bytes\":200000,\"request\":\"xxx"));
    assert_non_null(strstr(lines, "\"content\":\"xxx"));
    assert_null(strstr(lines, "more"));
    assert_null(strstr(lines, "\"cut\""));
    free(long_text);
}
