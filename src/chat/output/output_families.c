#include "chat/output/output_family.h"

/* Every family has its name here and its file beside this one. */
extern const struct output_family output_passthrough;
extern const struct output_family output_deepseek3, output_cogito;
extern const struct output_family output_qwen3, output_qwen3_thinking;
extern const struct output_family output_qwen3_vl_instruct, output_qwen3_vl_thinking;
extern const struct output_family output_qwen3_coder, output_qwen35, output_ornith;
extern const struct output_family output_nemotron3, output_nemotron35;
extern const struct output_family output_olmo3, output_olmo3_think;
extern const struct output_family output_gemma4, output_gemma4_no_thinking;
extern const struct output_family output_functiongemma;
extern const struct output_family output_lfm2, output_lfm2_thinking;
extern const struct output_family output_ministral;
extern const struct output_family output_cohere;
extern const struct output_family output_glm47, output_glm_ocr;
extern const struct output_family output_laguna, output_poolside;
extern const struct output_family output_harmony;
extern const struct output_family output_glimmer;

const struct output_family *const output_families[] = {
    &output_passthrough,
    &output_deepseek3,
    &output_cogito,
    &output_qwen3,
    &output_qwen3_thinking,
    &output_qwen3_vl_instruct,
    &output_qwen3_vl_thinking,
    &output_qwen3_coder,
    &output_qwen35,
    &output_ornith,
    &output_nemotron3,
    &output_nemotron35,
    &output_olmo3,
    &output_olmo3_think,
    &output_gemma4,
    &output_gemma4_no_thinking,
    &output_functiongemma,
    &output_lfm2,
    &output_lfm2_thinking,
    &output_ministral,
    &output_cohere,
    &output_glm47,
    &output_glm_ocr,
    &output_laguna,
    &output_poolside,
    &output_harmony,
    &output_glimmer,
    NULL,
};
