/* The program's files are no part of the library, so they are compiled in here; before test.h,
 * whose cmocka takes the name fail for a macro. */
#include "cli/client/private_server.c"

#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>

/* ---- the server: the program beside the tests, or one that behaves badly ---- */

static void hear_end(int fd)
{
    char byte;
    while (read(fd, &byte, 1) > 0)
        continue;
}

static void behave(const char *how)
{
    if (strcmp(how, "garbage") == 0)
        dprintf(SERVER_FD, "11434 no key\n");
    if (strcmp(how, "dies") == 0)
        raise(SIGKILL);
    if (strcmp(how, "deaf") == 0) {
        dprintf(SERVER_FD, "11434 0123456789abcdef0123456789abcdef\n");
        hear_end(SERVER_FD);
        for (;;)
            pause();
    }
    if (strcmp(how, "garbage") == 0)
        hear_end(SERVER_FD);
    _exit(3);
}

static bool find_program(char *out, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out, size - 16);
    if (length < 0)
        return false;
    out[length] = '\0';
    char *name = strrchr(out, '/');
    *name = '\0';
    name = strrchr(out, '/');
    strcpy(name, "/hearth");
    return access(out, X_OK) == 0;
}

__attribute__((constructor)) static void become_server(int argc, char **argv)
{
    char program[4096];
    if (argc < 4 || strcmp(argv[1], "serve") != 0 || strcmp(argv[2], "--private-fd") != 0)
        return;
    if (getenv("TEST_SERVER"))
        behave(getenv("TEST_SERVER"));
    if (find_program(program, sizeof program))
        execv(program, argv);
    _exit(97);
}

static char home[40];

static void remove_home(void)
{
    rmdir(home);
}

/* A home without settings, and only those variables that the program needs to run. */
static void begin(void)
{
    char program[4096], name[16] = "";
    prctl(PR_GET_NAME, name);
    if (strncmp(name, "qemu", 4) == 0 || !find_program(program, sizeof program))
        SKIP("build/hearth is not there, or an emulator cannot start it");
    if (!home[0]) {
        assert_non_null(mkdtemp(strcpy(home, "/tmp/hearth-private-XXXXXX")));
        atexit(remove_home);
    }
    for (char **variable = environ; *variable;) {
        char other[80];
        snprintf(other, sizeof other, "%.*s", (int)strcspn(*variable, "="), *variable);
        if (strncmp(other, "HEARTH_", 7) != 0 && strncmp(other, "OLLAMA_", 7) != 0)
            variable++;
        else
            unsetenv(other);
    }
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("TEST_SERVER");
    setenv("HOME", home, 1);
}

static struct private_server *start_server(void)
{
    struct private_server *server;
    struct error err = { 0 };
    assert_ok(private_server_open(&server, &(struct private_server_options){ 0 }, &err), err);
    return server;
}

static void fails(const char *path, const char *message)
{
    struct private_server *server;
    struct error err = { 0 };
    assert_false(
        private_server_open(&server, &(struct private_server_options){ .path = path }, &err));
    assert_null(server);
    assert_string_equal(err.message, message);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* ---- its clients ---- */

struct server_client {
    char url[80], key[80];
};

bool server_client_prepare(struct error *err)
{
    (void)err;
    return true;
}

bool server_client_open(struct server_client **out, const char *url, const char *api_key,
                        struct error *err)
{
    static struct server_client client;
    (void)err;
    snprintf(client.url, sizeof client.url, "%s", url);
    snprintf(client.key, sizeof client.key, "%s", api_key);
    *out = &client;
    return true;
}

/* A connection that has asked; -1: nobody listens. */
static int ask(uint16_t port, const char *key, const char *path, const char *body)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    dprintf(fd, "%s %s HTTP/1.1\r\nHost: localhost\r\n", body ? "POST" : "GET", path);
    if (key)
        dprintf(fd, "Authorization: Bearer %s\r\n", key);
    dprintf(fd, "Content-Length: %zu\r\n\r\n%s", body ? strlen(body) : 0, body ? body : "");
    return fd;
}

/* The status of the answer; 0: nobody listens. */
static unsigned status_of(uint16_t port, const char *key, const char *path, const char *body)
{
    char bytes[16] = "";
    unsigned status = 0;
    int fd = ask(port, key, path, body);
    if (fd < 0)
        return 0;
    assert_int_equal(recv(fd, bytes, sizeof bytes - 1, MSG_WAITALL), sizeof bytes - 1);
    assert_int_equal(sscanf(bytes, "HTTP/1.1 %u", &status), 1);
    close(fd);
    return status;
}

/* ---- tests ---- */

TEST(it_listens_for_who_has_its_key)
{
    begin();
    setenv("HEARTH_API_KEY", "the-key-of-the-user", 1);
    setenv("HEARTH_HOST", "no host at all:::", 1);
    struct private_server *server = start_server();
    assert_int_equal(status_of(server->port, server->key, "/api/tags", NULL), 200);
    assert_int_equal(status_of(server->port, NULL, "/api/tags", NULL), 401);
    assert_int_equal(status_of(server->port, "the-key-of-the-user", "/api/tags", NULL), 401);
    assert_int_equal(getsid(server->pid), server->pid);
    uint16_t port = server->port;
    private_server_close(&server);
    assert_null(server);
    assert_int_equal(status_of(port, NULL, "/", NULL), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    private_server_close(&server);
}

TEST(a_link_has_its_address_and_key)
{
    begin();
    struct private_server *server = start_server();
    struct server_client *client;
    struct error err = { 0 };
    char url[80];
    assert_ok(private_server_link(server, &client, &err), err);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", server->port);
    assert_string_equal(client->url, url);
    assert_string_equal(client->key, server->key);
    private_server_close(&server);
}

TEST(two_stand_side_by_side)
{
    begin();
    struct private_server *first = start_server(), *second = start_server();
    assert_int_not_equal(first->port, second->port);
    assert_int_equal(status_of(second->port, first->key, "/api/tags", NULL), 401);
    private_server_close(&first);
    assert_int_equal(status_of(second->port, second->key, "/api/tags", NULL), 200);
    private_server_close(&second);
}

TEST(what_it_cannot_accept_is_the_error_word_by_word)
{
    begin();
    fails("/no/such/model.gguf", "model '/no/such/model.gguf': No such file or directory");
    setenv("HEARTH_KV_CACHE_TYPE", "f7", 1);
    fails(NULL,
          "HEARTH_KV_CACHE_TYPE: kv_cache_type is 'f7', but must be one of auto f16 bf16 f32 q8_0");
}

TEST(options_are_settings)
{
    begin();
    struct private_server *server;
    struct error err = { 0 };
    struct private_server_options options = { .kv_type = "f7" };
    assert_false(private_server_open(&server, &options, &err));
    assert_string_equal(
        err.message,
        "--kv-cache-type: kv_cache_type is 'f7', but must be one of auto f16 bf16 f32 q8_0");
    options = (struct private_server_options){ .n_threads = 5000 };
    assert_false(private_server_open(&server, &options, &err));
    assert_string_equal(err.message,
                        "--threads: threads is '5000', but must be a whole number from 0 to 4096");
}

TEST(a_log_is_written_where_the_settings_say)
{
    begin();
    char path[] = "/tmp/hearth-private-log-XXXXXX", text[2000] = "";
    close(mkstemp(path));
    setenv("HEARTH_LOG_FILE", path, 1);
    struct private_server *server = start_server();
    private_server_close(&server);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    unlink(path);
    assert_non_null(strstr(text, "listening address=127.0.0.1"));
}

TEST(one_that_ends_instead_of_listening_is_an_error)
{
    begin();
    setenv("TEST_SERVER", "ends", 1);
    fails(NULL, "a server could not start: it ended with status 3");
    setenv("TEST_SERVER", "dies", 1);
    fails(NULL, "a server could not start: it was killed by signal 9 (Killed)");
    setenv("TEST_SERVER", "garbage", 1);
    fails(NULL, "a server could not start: it was killed by signal 9 (Killed)");
}

TEST(one_that_does_not_end_is_killed)
{
    begin();
    setenv("TEST_SERVER", "deaf", 1);
    struct private_server *server = start_server();
    private_server_close(&server);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* Asks for an answer without end, and waits for whatever comes. */
static void ask_and_wait(int told)
{
    struct private_server *server = start_server();
    char byte;
    int fd = ask(server->port, server->key, "/api/generate",
                 "{\"model\":\"ember\",\"prompt\":\"Tell me a story.\","
                 "\"options\":{\"num_predict\":-1,\"num_ctx\":2048}}");
    dprintf(told, "?");
    while (recv(fd, &byte, 1, 0) > 0)
        dprintf(told, "!");
    _exit(0);
}

/* The server and its worker become children of the test when their parents die: that none is left
 * means that both have ended. */
static void client_dies(size_t n_bytes, useconds_t later_us)
{
    int pipe[2];
    char bytes[256];
    assert_int_equal(pipe2(pipe, O_CLOEXEC), 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t client = fork();
    if (client == 0)
        ask_and_wait(pipe[1]);
    for (size_t n = 0; n < n_bytes;) {
        ssize_t got = read(pipe[0], bytes, size_min(sizeof bytes, n_bytes - n));
        assert_true(got > 0);
        n += (size_t)got;
    }
    usleep(later_us);
    kill(client, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        continue;
    assert_int_equal(errno, ECHILD);
    close(pipe[0]);
    close(pipe[1]);
}

TEST(it_ends_with_a_client_that_is_killed_in_the_middle_of_an_answer)
{
    begin();
    client_dies(400, 0);
}

TEST(it_ends_with_a_client_that_is_killed_while_a_model_is_loaded)
{
    begin();
    for (useconds_t later_us = 0; later_us < 30000; later_us += 5000)
        client_dies(1, later_us);
}
