/* renderer_text.h: one prompt while it is written, and the text work that families share.
 *
 * Owns the growing prompt and scratch memory for its pieces. The first failure sticks and is
 * reported once, at the end, so that a renderer reads like the format it writes. */
#ifndef RENDERER_TEXT_H
#define RENDERER_TEXT_H

#include "chat/renderer.h"
#include "chat/renderer/renderer_input.h"
#include "base/slice_text.h"
#include "chat/white_space.h"

struct prompt {
    struct text *out;
    struct arena *scratch;
    struct error *err;
    bool failed;

    const struct message *messages;
    size_t n_messages;
    const struct json *tools;
    size_t n_tools;
    struct think_choice think;
    int64_t now;
    bool image_tags;
};

/* A family's way from messages to text. */
typedef void render_function(struct prompt *p);

render_function render_cogito, render_cohere, render_deepseek3, render_functiongemma,
    render_gemma4_large, render_gemma4_small, render_glimmer, render_glm47, render_glm_ocr,
    render_laguna, render_laguna_v8, render_lfm2, render_lfm2_thinking, render_nemotron3,
    render_nemotron35, render_olmo3, render_olmo31, render_olmo3_think, render_olmo3_think_32b,
    render_ornith, render_qwen35, render_qwen38, render_qwen3_coder, render_qwen3_vl_instruct,
    render_qwen3_vl_thinking;

/* Give the prompt up; the first reason stays. */
void prompt_refuse(struct prompt *p, enum error_code code, const char *reason);

void put(struct prompt *p, const char *string);
void put_slice(struct prompt *p, struct slice slice);
void put_between(struct prompt *p, const char *before, struct slice slice, const char *after);
void put_count(struct prompt *p, size_t number);

/* "<|im_start|>" role, a line break, content, "<|im_end|>", a line break. */
void put_im_turn(struct prompt *p, struct slice role, struct slice content);

/* A tool's answer within a user's turn, which neighbouring answers share. */
void put_im_tool_result(struct prompt *p, size_t index, struct slice content);

/* How to write calls as <function=...> and <parameter=...>, in the words of several families. */
extern const char function_call_rules[];

/* ---- pieces; what is new lies in the scratch memory ---- */

bool is_role(const struct message *message, const char *role);
/* Without line breaks at one end. */
struct slice trim_lines_start(struct slice text);
struct slice trim_lines_end(struct slice text);

struct slice joined(struct prompt *p, const struct slice *parts, size_t n_parts);
struct slice replaced(struct prompt *p, struct slice text, const char *old, const char *new);
struct slice upper_case(struct prompt *p, struct slice text);

/* `content` with a tag [img-N] for each of the message's images, counted from `*n_images` on: in
 * the places of "[img]", else in front. */
struct slice image_tagged(struct prompt *p, struct slice content, const struct message *message,
                          size_t *n_images);
/* `content` behind as many placeholders as the message has images. */
struct slice image_padded(struct prompt *p, struct slice content, const struct message *message,
                          const char *placeholder);

/* Go on without the messages of this role. */
void forget_role(struct prompt *p, const char *role);

/* The last message of this role; SIZE_MAX when there is none. */
size_t last_message(const struct prompt *p, const char *role);

#endif
