/* gguf_writer.h: writing GGUF version 3.
 *
 * Owns the list of metadata and tensors until the file is written. Tensor data comes from a
 * callback, so that files larger than memory can be made. The file appears under its name only when
 * it is complete. One thread. */
#ifndef GGUF_WRITER_H
#define GGUF_WRITER_H

#include "base/base.h"
#include "base/error.h"
#include "formats/gguf.h"

struct gguf_writer;

bool gguf_writer_new(struct gguf_writer **out, struct error *err) MUST_CHECK;
void gguf_writer_free(struct gguf_writer **writer); /* accepts NULL, leaves NULL */

/* Metadata, in the order of the calls; setting a key twice is ERROR_USAGE. */
bool gguf_write_u32(struct gguf_writer *w, const char *key, uint32_t value,
                    struct error *err) MUST_CHECK;
bool gguf_write_f32(struct gguf_writer *w, const char *key, float value,
                    struct error *err) MUST_CHECK;
bool gguf_write_bool(struct gguf_writer *w, const char *key, bool value,
                     struct error *err) MUST_CHECK;
bool gguf_write_string(struct gguf_writer *w, const char *key, struct slice value,
                       struct error *err) MUST_CHECK;
bool gguf_write_strings(struct gguf_writer *w, const char *key, const struct slice *values,
                        size_t count, struct error *err) MUST_CHECK;
/* An array of a fixed-size type; `values` as they will lie in the file. */
bool gguf_write_array(struct gguf_writer *w, const char *key, enum gguf_type element_type,
                      const void *values, size_t count, struct error *err) MUST_CHECK;
/* Any value of another file, byte for byte. */
bool gguf_write_value(struct gguf_writer *w, const struct gguf_value *value,
                      struct error *err) MUST_CHECK;

/* Called with the tensor's number (order of gguf_write_tensor) for consecutive portions; fills
 * `size` bytes. */
typedef bool gguf_fill(void *context, size_t tensor, uint64_t offset, void *out, size_t size,
                       struct error *err);

/* Announce a tensor; portions are multiples of `portion_bytes` except the last (a row or a block,
 * say). */
bool gguf_write_tensor(struct gguf_writer *w, const char *name, enum dtype type,
                       const uint64_t *dims, uint32_t n_dims, struct error *err) MUST_CHECK;

/* Write everything. On failure no file is left under `path`. */
bool gguf_writer_finish(struct gguf_writer *w, const char *path, size_t portion_bytes,
                        gguf_fill *fill, void *context, struct error *err) MUST_CHECK;

#endif
