/* message_list.h: the messages of a conversation, one after another, as JSON.
 *
 * Owns the text that they are written to. Leaves to conversation.h whether they make sense. A
 * failure leaves the list as it was. One thread. */
#ifndef MESSAGE_LIST_H
#define MESSAGE_LIST_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

struct message_list {
    struct text json; /* messages with commas between them */
    size_t count;
};

void message_list_init(struct message_list *list);
void message_list_release(struct message_list *list);

/* Of any content; bytes that are not UTF-8 become U+FFFD. */
bool message_list_push(struct message_list *list, const char *role, struct slice content,
                       struct error *err) MUST_CHECK;

/* Of the assistant. `thinking` may be empty; `calls`: objects of JSON with commas between them. */
bool message_list_push_answer(struct message_list *list, struct slice thinking,
                              struct slice content, struct slice calls,
                              struct error *err) MUST_CHECK;

/* All elements of an array, whatever they are. */
bool message_list_push_all(struct message_list *list, const struct json *messages,
                           struct error *err) MUST_CHECK;

/* How long the list is, to come back to. */
struct message_mark {
    size_t length, count;
};
struct message_mark message_list_mark(const struct message_list *list);
void message_list_return(struct message_list *list, struct message_mark mark);

/* The list as an array; closed by the caller. */
bool message_list_open(const struct json **out, struct message_list *list,
                       struct error *err) MUST_CHECK;

#endif
