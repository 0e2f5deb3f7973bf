#include "chat/gotemplate_builtin.h"

/* What the system says waits for the next message of the user; $held keeps it. Opens a range over
 * the messages and an `if` whose further branches are the other roles. */
#define HOLD_SYSTEM                                                              \
    "{{ $held := \"\" }}{{ range .Messages }}{{ if eq .Role \"system\" }}"       \
    "{{ if $held }}{{ $held = printf \"%s\\n\\n%s\" $held .Content }}{{ else }}" \
    "{{ $held = .Content }}{{ end }}"
#define RELEASE_SYSTEM "{{ if $held }}{{ $held }}\n\n{{ $held = \"\" }}{{ end }}"
#define IF_SYSTEM      "{{ if eq .Role \"system\" }}"
#define IF_USER        "{{ if eq .Role \"user\" }}"
#define ELSE_USER      "{{ else if eq .Role \"user\" }}"
#define ELSE_ASSISTANT "{{ else if eq .Role \"assistant\" }}"
#define ELSE_TOOL      "{{ else if eq .Role \"tool\" }}"
#define END            "{{ end }}"
#define EACH_MESSAGE   "{{ range .Messages }}"
#define CONTENT        "{{ .Content }}"
#define NEXT           "{{ continue }}"

/* The tool prompt that Command R was trained with, word for word. */
#define COMMAND_R_TOOLS                                                                            \
    "# Safety Preamble\n"                                                                          \
    "The instructions in this section override those in the task description and style guide "     \
    "sections. Don't answer questions that are harmful or immoral.\n\n"                            \
    "# System Preamble\n"                                                                          \
    "## Basic Rules\n"                                                                             \
    "You are a powerful conversational AI trained by Cohere to help people. You are augmented by " \
    "a number of tools, and your job is to use and consume the output of these tools to best "     \
    "help the user. You will see a conversation history between yourself and a user, ending with " \
    "an utterance from the user. You will then see a specific instruction instructing you what "   \
    "kind of response to generate. When you answer the user's requests, you cite your sources in " \
    "your answers, according to those instructions.\n\n"
#define COMMAND_R_ACTION                                                                           \
    "Write 'Action:' followed by a json-formatted list of actions that you want to perform in "    \
    "order to produce a good response to the user's last input. You can use any of the supplied "  \
    "tools any number of times, but you should aim to execute the minimum number of necessary "    \
    "actions for the input. You should use the `directly-answer` tool if calling the other tools " \
    "is unnecessary. The list of actions you want to call should be formatted as a list of json "  \
    "objects, for example:\n"                                                                      \
    "```json\n[\n    {\n"                                                                          \
    "        \"tool_name\": title of the tool in the specification,\n"                             \
    "        \"parameters\": a dict of parameters to input into the tool as they are defined in "  \
    "the specs, or {} if it takes no parameters\n"                                                 \
    "    }\n]```"
#define COMMAND_R_FUNCTION                                                                      \
    "\n\n```python\ndef {{ .Function.Name }}({{ range $name, $p := "                            \
    ".Function.Parameters.Properties }}{{ $name }}: {{ $p.Type }}, {{ end }}) -> List[Dict]:\n" \
    "    '''{{ .Function.Description }}{{ with .Function.Parameters.Properties }}\n\n"          \
    "    Args:{{ range $name, $p := . }}\n"                                                     \
    "        {{ $name }} ({{ $p.Type }}): {{ $p.Description }}{{ end }}{{ end }}\n"             \
    "    '''\n    pass\n```"

static const struct gotemplate_builtin builtins[] = {
    { "alfred",
      { "<start_system>", "<end_message>", "<start_user>", "<start_assistant>" },
      0,
      EACH_MESSAGE "<start_{{ .Role }}>" CONTENT "<end_message>" END "<start_assistant>" },
    { "alpaca",
      { "### Instruction:", "### Response" },
      0,
      HOLD_SYSTEM ELSE_USER RELEASE_SYSTEM "### Instruction:\n" CONTENT "\n\n" ELSE_ASSISTANT
                                           "### Response:\n" CONTENT "\n\n" END END
                                           "### Response:\n" },
    { "chatml",
      { "<|im_start|>", "<|im_end|>" },
      0,
      EACH_MESSAGE "<|im_start|>{{ .Role }}\n" CONTENT "<|im_end|>\n" END
                   "<|im_start|>assistant\n" },
    { "chatqa",
      { "System:", "User:", "Assistant:", "<|begin_of_text|>" },
      0,
      EACH_MESSAGE IF_SYSTEM "System:" ELSE_USER "User:" ELSE_ASSISTANT "Assistant:" END " " CONTENT
                             "\n\n" END "Assistant:" },
    { "codellama-70b-instruct",
      { "Source:", "Destination:", "<step>" },
      0,
      EACH_MESSAGE "Source:" IF_SYSTEM " system" ELSE_USER " user" ELSE_ASSISTANT " assistant" END
                   "\n\n " CONTENT " <step> " END "Source: assistant\nDestination: user\n\n " },
    { "command-r",
      { "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>" },
      0,
      "{{ if or .Tools .System }}<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>"
      "{{ if .Tools }}" COMMAND_R_TOOLS
      "{{ if .System }}# User Preamble\n{{ .System }}{{ end }}\n\n"
      "## Available Tools\nHere is a list of tools that you have available to you:"
      "{{ range .Tools }}" COMMAND_R_FUNCTION "{{ end }}"
      "{{ else }}{{ .System }}{{ end }}<|END_OF_TURN_TOKEN|>{{ end }}" EACH_MESSAGE IF_SYSTEM NEXT
          END "<|START_OF_TURN_TOKEN|>" IF_USER "<|USER_TOKEN|>" CONTENT
      "{{ if $.Tools }}<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>" COMMAND_R_ACTION
      "{{ end }}" ELSE_ASSISTANT "<|CHATBOT_TOKEN|>{{ if .Content }}" CONTENT
      "{{ else if .ToolCalls }}\n"
      "Action: ```json\n[{{ range .ToolCalls }}\n    {\n"
      "        \"tool_name\": \"{{ .Function.Name }}\",\n"
      "        \"parameters\": {{ .Function.Arguments }}\n    }{{ end }}\n]```{{ end }}" ELSE_TOOL
      "<|SYSTEM_TOKEN|><results>\nconsole_output: " CONTENT "\n</results>" END
      "<|END_OF_TURN_TOKEN|>" END
      "<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>\n" },
    { "falcon-instruct",
      { "User:", "Assistant:" },
      0,
      EACH_MESSAGE IF_SYSTEM "System: " CONTENT "\n" NEXT ELSE_USER "User:" ELSE_ASSISTANT
                             "Falcon:" END "\n" CONTENT "\n" END "Falcon:\n" },
    { "gemma-instruct",
      { "<start_of_turn>", "<end_of_turn>" },
      0,
      HOLD_SYSTEM NEXT ELSE_USER "<start_of_turn>user{{ if $held }}\n{{ $held }}{{ $held = \"\" }}"
                                 "{{ end }}" ELSE_ASSISTANT "<start_of_turn>model" END "\n" CONTENT
                                 "<end_of_turn>\n" END "<start_of_turn>model\n" },
    { "gemma3-instruct",
      { "<end_of_turn>" },
      0.1,
      "{{ range $i, $_ := .Messages }}" IF_USER "<start_of_turn>user{{ if and (eq $i 1) $.System }}"
      "\n{{ $.System }}\n{{ end }}\n" CONTENT "<end_of_turn>\n" ELSE_ASSISTANT
      "<start_of_turn>model\n" CONTENT "<end_of_turn>\n" END
      "{{ if eq (len (slice $.Messages $i)) 1 }}<start_of_turn>model\n{{ end }}" END "\n" },
    { "granite-instruct",
      { "System:", "Question:", "Answer:" },
      0,
      EACH_MESSAGE IF_SYSTEM "System:" ELSE_USER "Question:" ELSE_ASSISTANT "Answer:" END
                             "\n" CONTENT "\n\n" END "Answer:\n" },
    { "llama2-chat",
      { "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>" },
      0,
      "[INST] " HOLD_SYSTEM ELSE_USER "<<SYS>>{{ if $held }}\n{{ $held }}\n{{ $held = \"\" }}"
      "{{ end }}<</SYS>>\n\n" CONTENT " [/INST]" ELSE_ASSISTANT " " CONTENT
      "</s><s>[INST] " END END },
    { "llama3-instruct",
      { "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>" },
      0,
      EACH_MESSAGE "<|start_header_id|>{{ .Role }}<|end_header_id|>\n\n" CONTENT "<|eot_id|>" END
                   "<|start_header_id|>assistant<|end_header_id|>\n\n" },
    { "magicoder",
      { "@@ Instruction", "@@ Response" },
      0,
      HOLD_SYSTEM NEXT ELSE_USER RELEASE_SYSTEM "@@ Instruction" ELSE_ASSISTANT "@@ Response" END
                                                "\n" CONTENT "\n\n" END "@@ Response\n" },
    { "mistral-instruct",
      { "<|im_start|>", "<|im_end|>" }, /* of another format, and yet what Modelfiles are given */
      0,
      "[INST] " EACH_MESSAGE IF_SYSTEM CONTENT "\n\n" ELSE_USER CONTENT "[/INST]" ELSE_ASSISTANT
      " " CONTENT "</s>[INST] " END END },
    { "openchat",
      { "<|end_of_turn|>" },
      0,
      EACH_MESSAGE "GPT4 Correct" IF_SYSTEM " System:" ELSE_USER " User:" ELSE_ASSISTANT
                   " Assistant:" END " " CONTENT "<|end_of_turn|>" END "GPT4 Correct Assistant:" },
    { "phi-3",
      { "<|end|>", "<|system|>", "<|user|>", "<|assistant|>" },
      0,
      EACH_MESSAGE "<|{{ .Role }}|>\n" CONTENT "<|end|>\n" END "<|assistant|>\n" },
    { "solar-instruct",
      { "### System:", "### User:", "### Assistant" },
      0,
      EACH_MESSAGE IF_SYSTEM "### System:" ELSE_USER "### User:" ELSE_ASSISTANT
                             "### Assistant:\n" CONTENT "</s>\n\n" NEXT END "\n" CONTENT "\n\n" END
                             "### Assistant:\n" },
    { "starcoder2-instruct",
      { "### Instruction", "### Response", "<|endoftext|>" },
      0,
      HOLD_SYSTEM ELSE_USER RELEASE_SYSTEM "### Instruction\n" CONTENT "\n\n" ELSE_ASSISTANT
                                           "### Response\n" CONTENT "<|endoftext|>\n\n" END END
                                           "### Response\n" },
    { "vicuna",
      { "USER:", "ASSISTANT:" },
      0,
      HOLD_SYSTEM ELSE_USER RELEASE_SYSTEM "USER: " CONTENT "\n" ELSE_ASSISTANT
                                           "ASSISTANT: " CONTENT "</s>\n" END END "ASSISTANT:" },
    { "zephyr",
      { "<|system|>", "</s>", "<|user|>", "<|assistant|>" },
      0,
      EACH_MESSAGE "<|{{ .Role }}|>\n" CONTENT "</s>\n" END "<|assistant|>\n" },
};

const struct gotemplate_builtin *gotemplate_builtin_at(size_t index)
{
    return index < COUNT_OF(builtins) ? &builtins[index] : NULL;
}

const struct gotemplate_builtin *gotemplate_builtin_find(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(builtins); i++)
        if (slice_equal(name, slice_of(builtins[i].name)))
            return &builtins[i];
    return NULL;
}
