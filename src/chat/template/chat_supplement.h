/* chat_supplement.h: another way to say what a template has no words for.
 *
 * Owns the ways, each a change of the list of messages, and the words of the tool prompt. Leaves to
 * chat_probe.h which of them a template needs. One thread. */
#ifndef CHAT_SUPPLEMENT_H
#define CHAT_SUPPLEMENT_H

#include "chat/template/chat_messages.h"

/* Ids of calls: templates print them, or refuse those they do not expect. */
enum chat_id_form {
    CHAT_IDS_AS_SENT,
    CHAT_IDS_SHORT, /* nine letters and digits (Mistral) */
    CHAT_IDS_NAMED, /* functions.NAME:NUMBER (Kimi, which names a call's tool nowhere else) */
};

struct chat_style {
    bool system_as_user;      /* in front of the first user message */
    bool late_system_as_user; /* the same for system messages after the first others */
    bool merges_system;       /* neighbours into one */
    bool merges_turns;        /* neighbours of the user, neighbours of the assistant */
    bool opens_with_user;     /* an empty message where another role would begin */
    bool tools_as_text;       /* in the system message */
    bool lists_tools;         /* there too, without saying how to call them */
    bool calls_as_text;       /* in the assistant's content */
    bool results_as_text;     /* as messages of the user */
    bool splits_calls;        /* one call a message, its result behind it */
    bool parts_content;       /* content beside calls in a message of its own */
    bool parts_thought;       /* the same where there is thinking, too */
    bool parts_by_user;       /* and an empty one of the user between the two */
    bool answers_results;     /* an empty answer between a result and the user */
    /* how calls, tools and what is missing are written for the template */
    bool arguments_as_string;
    bool null_content; /* beside calls, instead of "" */
    enum chat_id_form ids;
    bool completes_tools;  /* no description and no list of what is required is missing */
    bool simplifies_tools; /* each parameter has one type */
    bool omits_absent;     /* no tools are undefined instead of null */
    bool adds_functions;   /* the variables functions and datetime of Firefunction */
};

/* Around a call and a result that are said in plain text. */
#define SUPPLIED_CALL_OPEN    "<tool_call>\n"
#define SUPPLIED_CALL_CLOSE   "\n</tool_call>"
#define SUPPLIED_RESULT_OPEN  "<tool_response>\n"
#define SUPPLIED_RESULT_CLOSE "\n</tool_response>"

/* The list in that style; `tools` as of conversation_tools(), NULL for none. */
bool chat_supplement(struct chat_messages *list, const struct chat_style *style,
                     const struct json *tools, struct error *err) MUST_CHECK;

#endif
