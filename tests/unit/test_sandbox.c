#include "test.h"

#include "base/base.h"
#include "worker/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Everything below one folder: the model's file, which may be read, and another one. */
static char folder[64], model[96], other[96], new_file[96];
static int old_socket = -1; /* made before anybody is locked in */

static void write_file(const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("weights", file);
    fclose(file);
}

static void make_files(void)
{
    snprintf(folder, sizeof folder, "/tmp/test_sandbox.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(model, sizeof model, "%s/model", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    snprintf(new_file, sizeof new_file, "%s/new", folder);
    write_file(model);
    write_file(other);
    old_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void remove_files(void)
{
    unlink(model);
    unlink(other);
    unlink(new_file);
    rmdir(new_file);
    rmdir(folder);
    close(old_socket);
}

/* ---- what must be refused: each returns -1 with errno when it was ---- */

static long open_other(void)
{
    return open(other, O_RDONLY);
}
static long list_folder(void)
{
    return opendir(folder) ? 0 : -1;
}
static long open_passwords(void)
{
    return open("/etc/passwd", O_RDONLY);
}
static long write_model(void)
{
    return open(model, O_WRONLY);
}
static long change_model(void)
{
    return open(model, O_RDWR);
}
static long empty_model(void)
{
    return open(model, O_RDONLY | O_TRUNC);
}
static long make_file(void)
{
    return open(new_file, O_RDONLY | O_CREAT, 0600);
}
static long make_nameless_file(void)
{
    return open(folder, O_TMPFILE | O_RDWR, 0600);
}
static long make_memory_file(void)
{
    return memfd_create("x", 0);
}
static long make_folder(void)
{
    return mkdir(new_file, 0700);
}
static long remove_other(void)
{
    return unlink(other);
}
static long rename_other(void)
{
    return rename(other, new_file);
}
static long change_mode(void)
{
    return chmod(model, 0600);
}
static long link_file(void)
{
    return symlink(model, new_file);
}
static long make_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}
static long make_local_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}
static long make_socket_pair(void)
{
    int pair[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}
static long connect_socket(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(9) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(old_socket, (struct sockaddr *)&address, sizeof address);
}
static long bind_socket(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    return bind(old_socket, (struct sockaddr *)&address, sizeof address);
}
static long execute(void)
{
    char *nothing[] = { NULL };
    return execve("/nonexistent", nothing, nothing);
}
static long execute_descriptor(void)
{
    char *nothing[] = { NULL };
    return syscall(SYS_execveat, -1, "", nothing, nothing, AT_EMPTY_PATH);
}
static long make_process(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid;
}
static long trace_parent(void)
{
    return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
}
static long read_parent(void)
{
    char here[4];
    struct iovec mine = { here, sizeof here }, theirs = { model, sizeof here };
    return process_vm_readv(getppid(), &mine, 1, &theirs, 1, 0);
}
static long signal_parent(void)
{
    return kill(getppid(), 0);
}
static long signal_thread_of_parent(void)
{
    return syscall(SYS_tgkill, getppid(), getppid(), 0);
}
static long limit_parent(void)
{
    struct rlimit limit;
    return prlimit(getppid(), RLIMIT_NOFILE, NULL, &limit);
}
static long own_signals(void)
{
    return fcntl(old_socket, F_SETOWN, getppid());
}
static long make_ring(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL);
}
static long load_bpf(void)
{
    return syscall(SYS_bpf, 0, NULL, 0);
}
static long leave_namespace(void)
{
    return unshare(CLONE_NEWUSER);
}
static long ask_keys(void)
{
    return syscall(SYS_keyctl, 0, -1, 0);
}

struct attempt {
    const char *name;
    long (*act)(void);
    bool is_refused_anywhere; /* perhaps also to those who are not locked in */
};

static const struct attempt attempts[] = {
    { "open a file beside the model", open_other, false },
    { "list a folder", list_folder, false },
    { "open /etc/passwd", open_passwords, false },
    { "open the model for writing", write_model, false },
    { "open the model for reading and writing", change_model, false },
    { "make a file", make_file, false },
    { "make a file without name", make_nameless_file, true },
    { "make a file in memory", make_memory_file, false },
    { "make a folder", make_folder, false },
    { "rename a file", rename_other, false },
    { "make a link", link_file, false },
    { "remove a file", remove_other, false },
    { "change a file's mode", change_mode, false },
    { "empty the model", empty_model, false },
    { "make a TCP socket", make_socket, false },
    { "make a local socket", make_local_socket, false },
    { "make a pair of sockets", make_socket_pair, false },
    { "connect a socket", connect_socket, false },
    { "bind a socket", bind_socket, false },
    { "execute a program", execute, false },
    { "execute a descriptor", execute_descriptor, false },
    { "make a process", make_process, false },
    { "trace the parent", trace_parent, true },
    { "read the parent's memory", read_parent, true },
    { "ask whether the parent lives", signal_parent, false },
    { "signal a thread of the parent", signal_thread_of_parent, false },
    { "read the parent's limits", limit_parent, true },
    { "have signals sent to the parent", own_signals, false },
    { "make an io_uring", make_ring, true },
    { "load BPF", load_bpf, true },
    { "make a user namespace", leave_namespace, true },
    { "ask for keys", ask_keys, true },
};

/* ---- what must work ---- */

static void *add_one(void *number)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    ++*(int *)number;
    pthread_mutex_unlock(&lock);
    return NULL;
}

static bool runs_threads(void)
{
    pthread_t threads[4];
    int sum = 0;
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        if (pthread_create(&threads[i], NULL, add_one, &sum) != 0)
            return false;
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    return sum == 4;
}
static bool reads_the_model(void)
{
    char text[8] = "";
    FILE *file = fopen(model, "r");
    bool ok = file && fread(text, 1, 7, file) == 7 && strcmp(text, "weights") == 0;
    if (file)
        fclose(file);
    return ok;
}
static bool maps_the_model(void)
{
    int fd = open(model, O_RDONLY | O_CLOEXEC);
    char *bytes = mmap(NULL, 7, PROT_READ, MAP_SHARED, fd, 0);
    bool ok = fd >= 0 && bytes != MAP_FAILED && memcmp(bytes, "weights", 7) == 0;
    return close(fd) == 0 && ok && munmap(bytes, 7) == 0;
}
static bool has_memory(void)
{
    size_t size = 8 << 20;
    char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED)
        return false;
    /* ENOSYS and EINVAL: a kernel without huge pages */
    bool ok = madvise(bytes, size, MADV_HUGEPAGE) == 0 || errno != EPERM;
    bytes[size - 1] = 1;
    return munmap(bytes, size) == 0 && ok;
}
static bool has_executable_memory(void)
{
    void *bytes = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                       -1, 0); /* for regular expressions */
    return bytes != MAP_FAILED && munmap(bytes, 4096) == 0;
}
static bool tells_time(void)
{
    struct timespec now, moment = { 0, 1000 };
    return clock_gettime(CLOCK_MONOTONIC, &now) == 0 && nanosleep(&moment, NULL) == 0;
}
static bool has_random_bytes(void)
{
    char bytes[8];
    return getrandom(bytes, sizeof bytes, 0) == sizeof bytes;
}
static bool counts_processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0;
}
static bool has_thread_names(void)
{
    return prctl(PR_SET_NAME, "worker") == 0;
}
static bool uses_pipes(void)
{
    int pair[2];
    char byte;
    return pipe2(pair, O_CLOEXEC) == 0 && write(pair[1], "x", 1) == 1 &&
           read(pair[0], &byte, 1) == 1;
}

static const struct {
    const char *name;
    bool (*works)(void);
} needs[] = {
    { "threads and locks", runs_threads },          { "reading the model", reads_the_model },
    { "mapping the model", maps_the_model },        { "memory, huge pages", has_memory },
    { "executable memory", has_executable_memory }, { "clocks", tells_time },
    { "random bytes", has_random_bytes },           { "the processors", counts_processors },
    { "names of threads", has_thread_names },       { "pipes", uses_pipes },
};

/* ---- children ---- */

static struct outcome {
    bool is_entered;
    struct sandbox_report report;
    struct error err;
    int refusals[COUNT_OF(attempts)]; /* errno; 0: it was done */
    bool works[COUNT_OF(needs)];
} * outcome; /* shared with children */

/* Emulators of another processor's programs may hang in fork(): tried once, with a time limit. */
static bool can_fork(void)
{
    static int answer = -1;
    if (answer >= 0)
        return answer;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    for (int tenths = 0; waitpid(pid, NULL, WNOHANG) == 0; tenths++) {
        if (tenths == 100) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
            return (answer = false);
        }
        usleep(100000);
    }
    return (answer = true);
}

/* A child runs `body`; its status as waitpid has it. */
static int in_child(void (*body)(void))
{
    if (!can_fork()) {
        remove_files();
        SKIP("no child of fork() comes back here");
    }
    if (!outcome)
        outcome =
            mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(outcome != MAP_FAILED);
    *outcome = (struct outcome){ 0 };
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(60);
        body();
        _exit(0);
    }
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return status;
}

static void enter(void)
{
    const char *paths[] = { model };
    outcome->is_entered = sandbox_enter(paths, 1, &outcome->report, &outcome->err);
}

static void try_everything(void)
{
    for (size_t i = 0; i < COUNT_OF(attempts); i++) {
        errno = 0;
        outcome->refusals[i] = attempts[i].act() < 0 ? errno : 0;
    }
}

static void enter_and_try(void)
{
    enter();
    for (size_t i = 0; i < COUNT_OF(needs); i++)
        outcome->works[i] = needs[i].works();
    try_everything();
}

static bool is_refused(size_t i)
{
    return outcome->refusals[i] == EPERM || outcome->refusals[i] == EACCES;
}

static void skip_without_sandbox(void)
{
    assert_ok(outcome->is_entered, outcome->err);
    if (outcome->report.has_landlock && outcome->report.has_seccomp)
        return;
    remove_files();
    SKIP("%s", outcome->report.missing);
}

TEST(a_worker_that_is_locked_in_can_do_its_work_and_nothing_else)
{
    make_files();
    int status = in_child(enter_and_try);
    skip_without_sandbox();
    assert_int_equal(status, 0);
    assert_string_equal(outcome->report.missing, "");
    for (size_t i = 0; i < COUNT_OF(needs); i++)
        if (!outcome->works[i])
            fail_msg("cannot have: %s", needs[i].name);
    for (size_t i = 0; i < COUNT_OF(attempts); i++)
        if (!is_refused(i))
            fail_msg("not refused: %s (%s)", attempts[i].name, strerror(outcome->refusals[i]));
    remove_files();
}

TEST(nothing_of_it_is_refused_to_those_who_are_not_locked_in)
{
    make_files();
    assert_int_equal(in_child(try_everything), 0);
    for (size_t i = 0; i < COUNT_OF(attempts); i++)
        if (is_refused(i) && !attempts[i].is_refused_anywhere)
            fail_msg("refused anyway: %s (%s)", attempts[i].name, strerror(outcome->refusals[i]));
    remove_files();
}

static void enter_and_abort(void)
{
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
    enter();
    signal(SIGABRT, SIG_DFL);
    abort();
}

TEST(a_worker_that_is_locked_in_can_still_end_by_abort)
{
    make_files();
    int status = in_child(enter_and_abort);
    skip_without_sandbox();
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    remove_files();
}

static void *open_other_in_thread(void *result)
{
    int fd = open(other, O_RDONLY);
    *(int *)result = fd < 0 ? errno : 0;
    return NULL;
}

static void enter_and_start_thread(void)
{
    enter();
    pthread_t thread;
    if (pthread_create(&thread, NULL, open_other_in_thread, &outcome->refusals[0]) == 0)
        pthread_join(thread, NULL);
}

TEST(threads_that_start_later_are_locked_in_too)
{
    make_files();
    assert_int_equal(in_child(enter_and_start_thread), 0);
    skip_without_sandbox();
    assert_true(is_refused(0));
    remove_files();
}

static void enter_folder(void)
{
    const char *paths[] = { folder };
    outcome->is_entered = sandbox_enter(paths, 1, &outcome->report, &outcome->err);
    outcome->works[0] = opendir(folder) && reads_the_model();
    outcome->refusals[0] = open_passwords() < 0 ? errno : 0;
}

TEST(a_folder_that_is_allowed_can_be_listed_and_its_files_read)
{
    make_files();
    assert_int_equal(in_child(enter_folder), 0);
    skip_without_sandbox();
    assert_true(outcome->works[0]);
    assert_true(is_refused(0));
    remove_files();
}

static void enter_with_missing_file(void)
{
    const char *paths[] = { model, new_file };
    outcome->is_entered = sandbox_enter(paths, 2, &outcome->report, &outcome->err);
}

TEST(a_file_that_is_not_there_is_an_error_with_its_name)
{
    make_files();
    assert_int_equal(in_child(enter_with_missing_file), 0);
    if (outcome->is_entered)
        skip_without_sandbox();
    assert_false(outcome->is_entered);
    assert_int_equal(outcome->err.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(outcome->err.message, new_file));
    remove_files();
}

/* An older kernel: as if it had neither Landlock nor filters. */
static bool pretend_old_kernel(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 444, 4, 0), /* landlock_create_ruleset */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { COUNT_OF(code), code };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void enter_on_old_kernel(void)
{
    outcome->works[0] = pretend_old_kernel();
    enter();
}

TEST(a_kernel_without_the_means_is_told_and_no_error)
{
    make_files();
    assert_int_equal(in_child(enter_on_old_kernel), 0);
    remove_files();
    assert_ok(outcome->is_entered, outcome->err);
    if (!outcome->works[0])
        SKIP("no seccomp filters in this kernel");
    assert_false(outcome->report.has_landlock);
    assert_false(outcome->report.has_seccomp);
    assert_non_null(strstr(outcome->report.missing, "Landlock"));
    assert_non_null(strstr(outcome->report.missing, "seccomp"));
}
