#include "base/late_library.h"

#include <dlfcn.h>

bool late_library_load(const char *file, const struct late_function *functions, size_t n,
                       struct error *err)
{
    void *library = dlopen(file, RTLD_LAZY | RTLD_LOCAL);
    if (!library)
        return fail(err, ERROR_UNSUPPORTED, "cannot load a library: %s", dlerror());
    for (size_t i = 0; i < n; i++) {
        void *function = dlsym(library, functions[i].name);
        if (!function)
            return fail(err, ERROR_UNSUPPORTED, "library '%s' has no function '%s'", file,
                        functions[i].name);
        memcpy(functions[i].pointer, &function, sizeof function);
    }
    return true;
}
