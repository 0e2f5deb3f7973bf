#include "worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Spelled out here, since system headers are often older than the kernel that runs. The numbers of
 * these calls are the same on every architecture. */
enum {
    CALL_LANDLOCK_CREATE_RULESET = 444,
    CALL_LANDLOCK_ADD_RULE = 445,
    CALL_LANDLOCK_RESTRICT_SELF = 446,

    LANDLOCK_ASK_ABI = 1,
    LANDLOCK_PATH_BENEATH = 1,

    LANDLOCK_READ_FILE = 1 << 2,
    LANDLOCK_READ_FOLDER = 1 << 3,
};

struct ruleset {
    uint64_t files, network, scopes; /* an older kernel takes the longer form when the rest is 0 */
};

struct path_rule {
    uint64_t allowed;
    int32_t folder;
} __attribute__((packed));

/* What can be forbidden, by the version of the kernel's interface that brought it. */
static const struct {
    int abi;
    struct ruleset adds;
} landlock_versions[] = {
    { 1, { 0x1fff, 0, 0 } },  /* execute, read, write, list, make and remove files of any kind */
    { 2, { 1 << 13, 0, 0 } }, /* move between folders */
    { 3, { 1 << 14, 0, 0 } }, /* truncate */
    { 4, { 0, 3, 0 } },       /* bind and connect TCP */
    { 5, { 1 << 15, 0, 0 } }, /* ioctl of devices */
    { 6, { 0, 0, 3 } },       /* abstract sockets of and signals to processes outside */
};

/* One more reason for the log. */
static void tell_missing(struct sandbox_report *report, const char *format, ...) PRINTF_LIKE(2, 3);
static void tell_missing(struct sandbox_report *report, const char *format, ...)
{
    size_t length = strlen(report->missing), room = sizeof report->missing - length;
    int n = snprintf(report->missing + length, room, "%s", length ? "; " : "");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report->missing + length + n, room - (size_t)n, format, arguments);
    va_end(arguments);
}

static bool allow_reading(int ruleset, const char *path, struct error *err)
{
    struct stat status;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        int reason = errno;
        if (fd >= 0)
            close(fd);
        return fail(err, reason == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "cannot open '%s': %s",
                    path, strerror(reason));
    }
    struct path_rule rule = { LANDLOCK_READ_FILE, fd };
    if (S_ISDIR(status.st_mode))
        rule.allowed |= LANDLOCK_READ_FOLDER;
    bool ok = syscall(CALL_LANDLOCK_ADD_RULE, ruleset, LANDLOCK_PATH_BENEATH, &rule, 0) == 0 ||
              fail(err, ERROR_IO, "cannot allow reading '%s': %s", path, strerror(errno));
    close(fd);
    return ok;
}

/* A set of rules that forbids all this kernel can forbid; -1 when there is no Landlock. */
static int open_ruleset(struct sandbox_report *report)
{
    long abi = syscall(CALL_LANDLOCK_CREATE_RULESET, NULL, 0, LANDLOCK_ASK_ABI);
    struct ruleset forbidden = { 0 };
    for (size_t i = 0; i < COUNT_OF(landlock_versions); i++)
        if (landlock_versions[i].abi <= abi) {
            forbidden.files |= landlock_versions[i].adds.files;
            forbidden.network |= landlock_versions[i].adds.network;
            forbidden.scopes |= landlock_versions[i].adds.scopes;
        }
    long ruleset =
        abi < 1 ? -1 : syscall(CALL_LANDLOCK_CREATE_RULESET, &forbidden, sizeof forbidden, 0);
    if (ruleset < 0)
        tell_missing(report, "no Landlock in this kernel (%s)", strerror(errno));
    return (int)ruleset;
}

static bool enter_landlock(const char *const *paths, size_t n_paths, struct sandbox_report *report,
                           struct error *err)
{
    int ruleset = open_ruleset(report);
    if (ruleset < 0)
        return true;
    bool ok = true;
    for (size_t i = 0; ok && i < n_paths; i++)
        ok = allow_reading(ruleset, paths[i], err);
    ok = ok && (syscall(CALL_LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0 ||
                fail(err, ERROR_IO, "cannot enter Landlock's rules: %s", strerror(errno)));
    close(ruleset);
    report->has_landlock = ok;
    return ok;
}

/* What a worker may call without a look at the arguments; names that an architecture lacks are
 * passed over. Descriptors are those it was started with or what it opened for reading. */
static const int allowed_calls[] = {
    /* memory */
    SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
    SCMP_SYS(brk), SCMP_SYS(mincore), SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(munlock),
    /* threads and time */
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(membarrier),
    SCMP_SYS(set_tid_address), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(getppid),
    SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_setaffinity),
    SCMP_SYS(sched_getscheduler), SCMP_SYS(sched_getparam), SCMP_SYS(getcpu), SCMP_SYS(exit),
    SCMP_SYS(exit_group), SCMP_SYS(restart_syscall), SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday),
    SCMP_SYS(time), SCMP_SYS(times),
    /* signals of its own */
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait), SCMP_SYS(sigaltstack),
    /* what is open, and what Landlock lets be opened */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(write),
    SCMP_SYS(writev), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(stat), SCMP_SYS(lstat),
    SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64),
    SCMP_SYS(getcwd), SCMP_SYS(fadvise64), SCMP_SYS(readahead), SCMP_SYS(dup), SCMP_SYS(dup2),
    SCMP_SYS(dup3), SCMP_SYS(pipe2), SCMP_SYS(eventfd2),
    /* the socket to the server, and waiting for it */
    SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(shutdown),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
    /* about itself and the machine */
    SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(uname),
    SCMP_SYS(sysinfo), SCMP_SYS(getrusage), SCMP_SYS(getrlimit), SCMP_SYS(getrandom)
};

/* Calls whose memory a filter cannot look into. "Not there" makes the C library take the older call
 * instead, which can be judged. */
static const int hidden_calls[] = { SCMP_SYS(clone3), SCMP_SYS(openat2) };

enum {
    OPENS_FOR_MORE = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY), /* than reading */
    CLONES_MORE = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                  CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE, /* than a thread */
    NAME_MEMORY = 0x53564d41, /* PR_SET_VMA, by which allocators name what they map */
};

/* Calls that are allowed when one argument, masked, has this value. */
struct judged_call {
    int call;
    unsigned argument;
    uint64_t mask, value;
};

static bool is_added(int status, struct error *err)
{
    /* EDOM: this architecture has no such call */
    return status == 0 || status == -EDOM ||
           fail(err, ERROR_MEMORY, "cannot build the filter of system calls: %s",
                strerror(-status));
}

static bool allow_judged(scmp_filter_ctx filter, struct error *err)
{
    const struct judged_call calls[] = {
        { SCMP_SYS(open), 1, OPENS_FOR_MORE, O_RDONLY },
        { SCMP_SYS(openat), 2, OPENS_FOR_MORE, O_RDONLY },
        { SCMP_SYS(clone), 0, CLONE_THREAD | CLONES_MORE, CLONE_THREAD },
        { SCMP_SYS(tgkill), 0, UINT64_MAX, (uint64_t)getpid() }, /* its own end */
        { SCMP_SYS(prlimit64), 0, UINT64_MAX, 0 },               /* of itself */
        { SCMP_SYS(prctl), 0, UINT64_MAX, PR_SET_NAME },
        { SCMP_SYS(prctl), 0, UINT64_MAX, PR_GET_NAME },
        { SCMP_SYS(prctl), 0, UINT64_MAX, NAME_MEMORY },
        { SCMP_SYS(fcntl), 1, UINT64_MAX, F_GETFD }, /* but no F_SETOWN: signals to others */
        { SCMP_SYS(fcntl), 1, UINT64_MAX, F_SETFD },
        { SCMP_SYS(fcntl), 1, UINT64_MAX, F_GETFL },
        { SCMP_SYS(fcntl), 1, UINT64_MAX, F_SETFL },
        { SCMP_SYS(fcntl), 1, UINT64_MAX, F_DUPFD_CLOEXEC },
    };
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        const struct judged_call *judged = &calls[i];
        struct scmp_arg_cmp condition = { judged->argument, SCMP_CMP_MASKED_EQ, judged->mask,
                                          judged->value };
        if (!is_added(seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, judged->call, 1, &condition),
                      err))
            return false;
    }
    return true;
}

static bool fill_filter(scmp_filter_ctx filter, struct error *err)
{
    bool ok = allow_judged(filter, err);
    for (size_t i = 0; ok && i < COUNT_OF(allowed_calls); i++)
        ok = is_added(seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0), err);
    for (size_t i = 0; ok && i < COUNT_OF(hidden_calls); i++)
        ok = is_added(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), hidden_calls[i], 0), err);
    return ok;
}

static bool enter_seccomp(struct sandbox_report *report, struct error *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return fail(err, ERROR_MEMORY, "cannot build the filter of system calls");
    bool ok = fill_filter(filter, err);
    if (ok) {
        /* Wishes: 32-bit calls are refused like others instead of killing, and threads that a
         * sanitizer has started are locked in too. */
        (void)seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
        int status = seccomp_load(filter);
        report->has_seccomp = status == 0;
        if (status != 0)
            tell_missing(report, "no seccomp filters in this kernel (%s)", strerror(-status));
    }
    seccomp_release(filter);
    return ok;
}

bool sandbox_enter(const char *const *paths, size_t n_paths, struct sandbox_report *report,
                   struct error *err)
{
    *report = (struct sandbox_report){ 0 };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail(err, ERROR_IO, "cannot give up new privileges: %s", strerror(errno));
    return enter_landlock(paths, n_paths, report, err) && enter_seccomp(report, err);
}
