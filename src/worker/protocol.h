/* protocol.h: what server and worker say to each other.
 *
 * Owns the kinds of frames; docs/worker.md has the members of their JSON. Both ends are the same
 * program, so there are no versions. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

enum frame_kind {
    /* from the server */
    FRAME_OPEN = 1, /* JSON: which model; once, as the first frame */
    FRAME_GRANT,    /* JSON: memory for keys and values, longest context; before the first request,
                       later again */
    FRAME_REQUEST,  /* JSON: what is wanted */
    FRAME_CANCEL,   /* "": the request ends soon, with FRAME_END */

    /* from the worker */
    FRAME_READY = 64, /* JSON: what was loaded and what it needs */
    FRAME_REFUSED,    /* JSON as of FRAME_ERROR: the model cannot be loaded; the worker ends */
    FRAME_STATE,    /* JSON: pages, requests; each second while requests run, and when it changes */
    FRAME_STARTED,  /* JSON: counts of the prompt; in front of all other frames of an answer */
    FRAME_THINKING, /* text, whole UTF-8 sequences */
    FRAME_CONTENT,  /* text */
    FRAME_CALL,     /* JSON: a tool call */
    FRAME_LOGPROBS, /* JSON: of tokens chosen, in front of the text they became */
    FRAME_COUNTS,   /* JSON: tokens so far, in front of text, for who asked for them */
    FRAME_DONE,     /* JSON: counts and times of one choice */
    FRAME_RESULT,   /* JSON: the whole answer of a request that generates nothing */
    FRAME_ERROR,    /* JSON: why the request failed */
    FRAME_END,      /* "": the last frame of every request, also after an error */
};

#endif
