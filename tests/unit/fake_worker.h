/* fake_worker.h: a test program that is its own worker.
 *
 * Started as `program worker --fd N`, as worker_process.h does, it runs fake_worker(N) of the test
 * instead of tests. Also owns the ways to see that nothing of a worker was left behind. One test
 * program includes it once. */
#ifndef FAKE_WORKER_H
#define FAKE_WORKER_H

#include "base/base.h"
#include "worker/frame.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int fake_worker(int fd);

__attribute__((constructor)) static void become_fake_worker(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "worker") == 0 && strcmp(argv[2], "--fd") == 0)
        _exit(fake_worker(atoi(argv[3])));
}

/* An emulator of another processor would start itself, not the test. */
static void skip_in_emulator(void)
{
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    if (strncmp(name, "qemu", 4) == 0)
        SKIP("an emulator (%s) cannot start this program again", name);
}

static struct frame_reader fake_reader;

/* The next frame from the server, however long that takes; false: it has closed. */
static bool fake_receive(int fd, struct frame *frame)
{
    static char bytes[4096];
    struct error err;
    if (!fake_reader.bytes.limit)
        frame_reader_init(&fake_reader);
    while (!frame_reader_next(&fake_reader, frame)) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || !frame_reader_add(&fake_reader, (struct slice){ bytes, (size_t)n }, &err))
            return false;
    }
    return true;
}

static void fake_send(int fd, uint16_t kind, uint64_t request, struct slice payload)
{
    struct text out;
    struct error err;
    text_init(&out, FRAME_MOST_BYTES + 100);
    if (!frame_write(&out, &(struct frame){ kind, 0, request, payload }, &err))
        _exit(99);
    for (size_t at = 0; at < out.length;) {
        ssize_t n = write(fd, out.data + at, out.length - at);
        if (n < 0 && errno != EINTR)
            _exit(98);
        at += n < 0 ? 0 : (size_t)n;
    }
    text_release(&out);
}

static size_t n_open_files(void)
{
    size_t n = 0;
    DIR *folder = opendir("/proc/self/fd");
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        n += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return n;
}

static bool has_children(void)
{
    return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

#endif
