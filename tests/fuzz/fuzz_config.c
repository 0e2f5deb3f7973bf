/* Any bytes: as a file of settings they give names and values or an error with its line; the values
 * as sizes, durations and hosts are numbers within their limits, or errors. */
#include "server/config/byte_size.h"
#include "server/config/config_file.h"
#include "server/config/duration.h"
#include "server/config/host_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_value(struct slice value)
{
    struct error err = { 0 };
    struct host_text host, again;
    char whole[HOST_PORT_BYTES];
    int64_t ns;
    uint64_t bytes;
    for (int variant = 0; variant < 2; variant++) {
        if (!duration_read(value, variant, &ns, &err))
            assert(err.code == ERROR_USAGE);
        if (!host_text_read(value, variant, &host, &err)) {
            assert(err.code == ERROR_USAGE);
            continue;
        }
        /* what is written is read as the same */
        host_text_write(&host, whole);
        bool ok = host_text_read(slice_of(whole), false, &again, &err);
        assert(ok && again.port == host.port && strcmp(again.host, host.host) == 0);
    }
    if (byte_share_read(value, 1000, &bytes, &err))
        assert(bytes <= (uint64_t)1 << 53);
    else
        assert(err.code == ERROR_USAGE);
}

static bool take_line(void *context, struct slice name, struct slice value, size_t line,
                      struct error *err)
{
    size_t *last = context;
    assert(line > *last && name.length > 0 && name.length <= 64);
    *last = line;
    read_value(value);
    return line < 1000 || fail(err, ERROR_USAGE, "enough");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = { 0 };
    size_t last = 0;
    struct slice bytes = { (const char *)data, size };
    if (!config_text_read(bytes, "settings", take_line, &last, &err))
        assert(err.code != ERROR_NONE && err.message[0]);
    read_value(bytes);
    return 0;
}
