#include "chat/output/output_scan.h"

#include "base/utf8.h"

/* White space that waits for a tag behind it, or before one: more than that is text, so that
 * endless white space is not looked at anew with each byte. */
enum { MAX_SPACE = 4096 };

/* As much of the white space that `text` ends with as a tag may swallow. The same bytes stay,
 * however much of it has arrived before. */
static size_t space_before_tag(struct slice text)
{
    struct slice end = text;
    if (text.length > MAX_SPACE)
        end = slice_from(text, text.length - MAX_SPACE);
    return trailing_space(end);
}

bool may_become(struct slice text, const char *tag)
{
    return text.length < strlen(tag) && memcmp(text.data, tag, text.length) == 0;
}

static bool emit_certain(struct output_parser *p, const struct text_until *until, size_t n_bytes,
                         struct error *err)
{
    struct slice text = { pending_text(p).data, n_bytes };
    return until->is_silent || emit_text(p, until->kind, text, err);
}

/* Before the end of the answer: what could become a tag waits, and the white space before it. */
static size_t certain_bytes(const struct text_until *until, struct slice text)
{
    size_t certain = text.length - held_back(text, until->tags, until->n_tags);
    if (until->trims || until->trims_end)
        certain -= space_before_tag(slice_to(text, certain));
    return certain;
}

static int scan_rest(struct output_parser *p, const struct text_until *until, struct error *err)
{
    struct slice text = pending_text(p);
    size_t certain = certain_bytes(until, text), consumed = certain;
    if (p->is_last) {
        consumed = text.length;
        if (until->trims_end)
            certain = text.length - space_before_tag(text);
        else if (!until->drops_rest)
            certain = text.length;
    }
    if (!emit_certain(p, until, certain, err))
        return SCAN_FAILED;
    consume(p, consumed);
    return NO_TAG;
}

/* The tag that occurs first at or behind `from`; *at is where. */
static int first_tag(struct slice text, size_t from, const char *const *tags, size_t n_tags,
                     size_t *at)
{
    int tag = NO_TAG;
    *at = SIZE_MAX;
    for (size_t i = 0; i < n_tags; i++) {
        size_t found = find_tag(slice_from(text, from), tags[i]);
        if (found != SIZE_MAX && from + found < *at) {
            *at = from + found;
            tag = (int)i;
        }
    }
    return tag;
}

int scan_text(struct output_parser *p, const struct text_until *until, struct error *err)
{
    struct slice text = pending_text(p);
    size_t at;
    int tag = first_tag(text, 0, until->tags, until->n_tags, &at);
    if (tag == NO_TAG)
        return scan_rest(p, until, err);
    size_t certain = at;
    if (until->trims >> tag & 1)
        certain -= space_before_tag(slice_to(text, at));
    if (!emit_certain(p, until, certain, err))
        return SCAN_FAILED;
    consume(p, until->stays >> tag & 1 ? certain : at + strlen(until->tags[tag]));
    return tag;
}

int scan_piece(struct output_parser *p, const char *const *tags, size_t n_tags, struct slice *body)
{
    struct slice text = pending_text(p);
    size_t longest = 0, at;
    for (size_t i = 0; i < n_tags; i++)
        longest = size_max(longest, strlen(tags[i]));
    size_t from = p->searched > longest ? p->searched - longest : 0;
    int tag = first_tag(text, size_min(from, text.length), tags, n_tags, &at);
    if (tag == NO_TAG)
        p->searched = text.length;
    else
        *body = (struct slice){ text.data, at };
    return tag;
}

/* Nothing, or the beginning of a character, which may be that of white space. */
static bool is_cut_character(struct slice text)
{
    return utf8_incomplete_tail((const uint8_t *)text.data, text.length) == text.length;
}

bool scan_past_space(struct output_parser *p)
{
    consume(p, leading_space(pending_text(p)));
    return p->is_last || !is_cut_character(pending_text(p));
}

enum tag_place opening_tag(const struct output_parser *p, const char *tag, size_t *n_bytes)
{
    struct slice text = pending_text(p);
    size_t n_space = leading_space(slice_to(text, size_min(text.length, MAX_SPACE + 1)));
    struct slice rest = slice_from(text, n_space);
    if (n_space > MAX_SPACE)
        return TAG_ELSEWHERE;
    if (begins_with(rest, tag)) {
        *n_bytes = text.length - rest.length + strlen(tag);
        return TAG_HERE;
    }
    bool is_unsure = may_become(rest, tag) || (is_cut_character(rest) && !p->is_last);
    return is_unsure ? TAG_UNSURE : TAG_ELSEWHERE;
}
