/* tokenize_command.h: `hearth tokenize`: text to token ids and back, with the vocabulary of any
 * model.
 *
 * Owns the command's options, input and output. Leaves everything about tokens to the tokenizer.
 * Called once, by main. */
#ifndef TOKENIZE_COMMAND_H
#define TOKENIZE_COMMAND_H

/* argv[0] is the command's name. Returns the exit status: 0, 1 for a failure, 2 for wrong usage. */
int tokenize_command(int argc, char **argv);

#endif
