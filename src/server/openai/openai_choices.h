/* openai_choices.h: answers that are a list of choices, as chat and completions have them.
 *
 * Owns the texts of each choice until they are told, the objects around the choices, how each ends,
 * and the order of a stream. Leaves to the replies what a choice holds (struct
 * openai_choices_kind). One event at a time. */
#ifndef OPENAI_CHOICES_H
#define OPENAI_CHOICES_H

#include "server/openai/openai_answer.h"

enum { OPENAI_CHOICE_TEXTS = 5 };

struct openai_choice {
    uint32_t index;
    struct text
        texts[OPENAI_CHOICE_TEXTS]; /* by the reply's own numbers; in a stream, until sent */
    size_t n_characters;            /* the reply's */
    bool has_calls;
    struct text end; /* the members "finish_reason" and "stop_reason"; empty: it goes on */
};

struct openai_choices_kind {
    const char *object, *chunk; /* "chat.completion", "chat.completion.chunk" */
    bool has_calls;
    bool sends_kept; /* a chunk has what was kept since the last one; else what its event brought */

    /* Add what an event brought to the choice's texts. In a stream that does not send what was
     * kept, TASK_LOGPROBS only. False: no memory. */
    bool (*keep)(struct openai_choice *choice, const struct task_event *event);

    /* The members of a choice but for how it ended. `event`: the chunk's, TASK_STARTED for the
     * first of a stream; NULL: the whole choice. */
    bool (*write)(struct text *out, const struct openai_choice *choice,
                  const struct task_event *event);
};

struct openai_choices {
    struct openai_answer answer;
    const struct openai_choices_kind *kind;
    struct openai_choice *choices;
    uint32_t n_choices;
};

/* False when memory is out; to be released in any case. */
bool openai_choices_init(struct openai_choices *list, const struct openai_choices_kind *kind,
                         const struct openai_answer_settings *settings,
                         uint32_t n_choices) MUST_CHECK;
void openai_choices_release(struct openai_choices *list);

void openai_choices_tell(struct openai_choices *list, const struct task_event *event,
                         struct response *response);

#endif
