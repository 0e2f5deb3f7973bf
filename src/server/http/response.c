#include "server/http/response.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* What may wait for a client that does not read; a single write is taken whatever its length, since
 * it is in memory anyway. */
enum { MOST_WAITING_BYTES = 64 << 20, MOST_HEADERS = 32 };

/* Memory that an empty body keeps for what comes next. */
enum { KEPT_BYTES = 16 << 10 };

struct header {
    char *name, *value;
};

/* Somebody who is called without the lock, and of whom one can be sure afterwards. */
struct listener {
    void (*call)(void *context);
    void *context;
    unsigned n_under_way;
    pthread_t caller; /* of the last call that is under way */
};

struct response {
    atomic_uint references;
    pthread_mutex_t lock;
    pthread_cond_t returned; /* a listener has */
    /* the rest is guarded by `lock` */
    unsigned status;
    char *content_type;
    struct header headers[MOST_HEADERS];
    size_t n_headers;
    struct text body; /* from what was taken last on */
    size_t n_taken;   /* of `body` */
    uint64_t length;
    bool is_over, is_gone, gone_is_told, taker_waits;
    struct listener gone, wake;
};

struct response *response_new(void)
{
    struct response *r = memory_zeroed(1, sizeof *r);
    if (!r)
        return NULL;
    atomic_init(&r->references, 1);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->returned, NULL);
    text_init(&r->body, SIZE_MAX / 2);
    return r;
}

struct response *response_hold(struct response *response)
{
    atomic_fetch_add_explicit(&response->references, 1, memory_order_relaxed);
    return response;
}

void response_drop(struct response **response)
{
    struct response *r = *response;
    *response = NULL;
    if (!r || atomic_fetch_sub_explicit(&r->references, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < r->n_headers; i++) {
        memory_free(r->headers[i].name);
        memory_free(r->headers[i].value);
    }
    memory_free(r->content_type);
    text_release(&r->body);
    pthread_cond_destroy(&r->returned);
    pthread_mutex_destroy(&r->lock);
    memory_free(r);
}

/* ---- listeners ---- */

/* Unlocks for the call, and locks again. */
static void call_listener(struct response *r, struct listener *listener)
{
    if (!listener->call)
        return;
    void (*call)(void *) = listener->call;
    void *context = listener->context;
    listener->n_under_way++;
    listener->caller = pthread_self();
    pthread_mutex_unlock(&r->lock);
    call(context);
    pthread_mutex_lock(&r->lock);
    listener->n_under_way--;
    pthread_cond_broadcast(&r->returned);
}

/* What the earlier one's context points to may be freed when this returns; so wait for its calls,
 * but for one that this thread is inside of. */
static void replace_listener(struct response *r, struct listener *listener,
                             void (*call)(void *context), void *context)
{
    listener->call = call;
    listener->context = context;
    while (listener->n_under_way > 0 && !pthread_equal(listener->caller, pthread_self()))
        pthread_cond_wait(&r->returned, &r->lock);
}

static void tell_taker(struct response *r)
{
    if (!r->taker_waits)
        return;
    r->taker_waits = false;
    call_listener(r, &r->wake);
}

static void tell_gone(struct response *r)
{
    if (!r->is_gone || r->is_over || r->gone_is_told || !r->gone.call)
        return;
    r->gone_is_told = true;
    call_listener(r, &r->gone);
}

static void client_has_gone(struct response *r)
{
    r->is_gone = true;
    text_release(&r->body);
    r->n_taken = 0;
    tell_gone(r);
    tell_taker(r);
}

/* ---- who answers ---- */

static void begin(struct response *r, unsigned status, const char *content_type)
{
    if (r->status != 0)
        return;
    r->status = status;
    r->content_type = content_type ? memory_string(content_type) : NULL;
}

static bool append(struct response *r, struct slice bytes)
{
    size_t n_waiting = r->body.length - r->n_taken;
    if (r->is_gone || r->is_over)
        return false;
    /* the head is moved away when it is the larger part, so that each byte moves about once */
    if (r->n_taken > n_waiting) {
        memmove(r->body.data, r->body.data + r->n_taken, n_waiting);
        text_truncate(&r->body, n_waiting);
        r->n_taken = 0;
    }
    bool is_behind = n_waiting > 0 &&
                     bytes.length > MOST_WAITING_BYTES - size_min(n_waiting, MOST_WAITING_BYTES);
    if (is_behind || !text_append_slice(&r->body, bytes)) {
        client_has_gone(r);
        return false;
    }
    r->length += bytes.length;
    return true;
}

void response_begin(struct response *response, unsigned status, const char *content_type)
{
    pthread_mutex_lock(&response->lock);
    begin(response, status, content_type);
    tell_taker(response);
    pthread_mutex_unlock(&response->lock);
}

bool response_has_begun(struct response *response)
{
    pthread_mutex_lock(&response->lock);
    bool has_begun = response->status != 0;
    pthread_mutex_unlock(&response->lock);
    return has_begun;
}

void response_header(struct response *response, const char *name, const char *value)
{
    struct header header = { memory_string(name), memory_string(value) };
    pthread_mutex_lock(&response->lock);
    bool is_kept =
        header.name && header.value && response->status == 0 && response->n_headers < MOST_HEADERS;
    if (is_kept)
        response->headers[response->n_headers++] = header;
    pthread_mutex_unlock(&response->lock);
    if (!is_kept) {
        memory_free(header.name);
        memory_free(header.value);
    }
}

void response_retry_after(struct response *response, unsigned seconds)
{
    char text[16];
    snprintf(text, sizeof text, "%u", seconds);
    if (seconds > 0)
        response_header(response, "Retry-After", text);
}

bool response_write(struct response *response, struct slice bytes)
{
    response_hold(response); /* who is told that the client has gone may drop the caller's */
    pthread_mutex_lock(&response->lock);
    bool ok = append(response, bytes);
    if (ok && bytes.length > 0)
        tell_taker(response);
    pthread_mutex_unlock(&response->lock);
    response_drop(&response);
    return ok;
}

void response_end(struct response *response)
{
    pthread_mutex_lock(&response->lock);
    response->is_over = true;
    tell_taker(response);
    pthread_mutex_unlock(&response->lock);
}

void response_whole(struct response *response, unsigned status, const char *content_type,
                    struct slice body)
{
    pthread_mutex_lock(&response->lock);
    begin(response, status, content_type);
    append(response, body);
    response->is_over = true;
    tell_taker(response);
    pthread_mutex_unlock(&response->lock);
}

void response_on_gone(struct response *response, response_gone *gone, void *context)
{
    pthread_mutex_lock(&response->lock);
    replace_listener(response, &response->gone, gone, context);
    response->gone_is_told = false;
    tell_gone(response);
    pthread_mutex_unlock(&response->lock);
}

/* ---- the connection ---- */

void response_on_wake(struct response *response, response_wake *wake, void *context)
{
    pthread_mutex_lock(&response->lock);
    replace_listener(response, &response->wake, wake, context);
    pthread_mutex_unlock(&response->lock);
}

void response_client_gone(struct response *response)
{
    pthread_mutex_lock(&response->lock);
    if (!response->is_gone)
        client_has_gone(response);
    pthread_mutex_unlock(&response->lock);
}

bool response_is_gone(struct response *response)
{
    pthread_mutex_lock(&response->lock);
    bool is_gone = response->is_gone;
    pthread_mutex_unlock(&response->lock);
    return is_gone;
}

unsigned response_status(struct response *response)
{
    pthread_mutex_lock(&response->lock);
    unsigned status = response->status;
    response->taker_waits = status == 0 && !response->is_gone;
    pthread_mutex_unlock(&response->lock);
    return status;
}

const char *response_content_type(struct response *response)
{
    pthread_mutex_lock(&response->lock);
    const char *content_type = response->content_type;
    pthread_mutex_unlock(&response->lock);
    return content_type;
}

bool response_header_at(struct response *response, size_t index, const char **name,
                        const char **value)
{
    pthread_mutex_lock(&response->lock);
    bool is_there = index < response->n_headers;
    if (is_there) {
        *name = response->headers[index].name;
        *value = response->headers[index].value;
    }
    pthread_mutex_unlock(&response->lock);
    return is_there;
}

size_t response_take(struct response *response, char *out, size_t most, bool *is_over)
{
    pthread_mutex_lock(&response->lock);
    size_t n = size_min(most, response->body.length - response->n_taken);
    if (n > 0)
        memcpy(out, response->body.data + response->n_taken, n);
    response->n_taken += n;
    bool is_empty = response->n_taken == response->body.length;
    if (is_empty) {
        if (response->body.capacity > KEPT_BYTES)
            text_release(&response->body);
        text_clear(&response->body);
        response->n_taken = 0;
    }
    *is_over = response->is_gone || (is_empty && response->is_over);
    response->taker_waits = n == 0 && most > 0 && !*is_over;
    pthread_mutex_unlock(&response->lock);
    return n;
}

uint64_t response_length(struct response *response)
{
    pthread_mutex_lock(&response->lock);
    uint64_t length = response->length;
    pthread_mutex_unlock(&response->lock);
    return length;
}

bool response_is_over(struct response *response)
{
    pthread_mutex_lock(&response->lock);
    bool is_over = response->is_over;
    pthread_mutex_unlock(&response->lock);
    return is_over;
}
