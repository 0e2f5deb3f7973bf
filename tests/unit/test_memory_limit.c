#include "test.h"

#include "base/memory.h"
#include "server/residency/memory_limit.h"

#include <sys/stat.h>
#include <unistd.h>

static char root[64];

/* A file below the root, with the folders it lies in. */
static void put(const char *path, const char *text)
{
    char whole[400];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void begin(void)
{
    snprintf(root, sizeof root, "/tmp/test_memory_limit.XXXXXX");
    assert_non_null(mkdtemp(root));
    put("/proc/meminfo", "MemTotal:       1000 kB\nMemFree:  10 kB\n");
}

static void end(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", root);
    assert_int_equal(system(command), 0);
}

TEST(memory_is_the_machines_where_no_group_limits_it)
{
    begin();
    assert_int_equal(memory_limit_below(root), 1024000);
    put("/proc/self/cgroup", "0::/a/b\n");
    put("/sys/fs/cgroup/a/b/memory.max", "max\n");
    assert_int_equal(memory_limit_below(root), 1024000);
    end();
}

TEST(memory_is_the_smallest_limit_of_the_groups_around_us)
{
    begin();
    put("/proc/self/cgroup", "0::/a/b\n");
    put("/sys/fs/cgroup/a/b/memory.max", "max\n");
    put("/sys/fs/cgroup/a/memory.max", "5000\n");
    assert_int_equal(memory_limit_below(root), 5000);
    put("/sys/fs/cgroup/memory.max", "4000\n"); /* a container's own root */
    assert_int_equal(memory_limit_below(root), 4000);
    end();
}

TEST(memory_is_limited_by_groups_of_the_first_version_too)
{
    begin();
    put("/proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/y\n");
    put("/sys/fs/cgroup/memory/y/memory.limit_in_bytes", "3000\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    assert_int_equal(memory_limit_below(root), 3000);
    end();
}

TEST(memory_of_a_system_that_tells_nothing_is_not_known)
{
    snprintf(root, sizeof root, "/tmp/test_memory_limit.XXXXXX");
    assert_non_null(mkdtemp(root));
    assert_int_equal(memory_limit_below(root), 0);
    end();
    assert_true(memory_limit_bytes() > memory_resident_bytes()); /* this one does */
}
