/* shipped_model.S: the bytes of the file MODEL between shipped_NAME_begin and shipped_NAME_end, on a
 * page of their own. */
#define PASTE(a, b, c) a##b##c
#define LABEL(name, end) PASTE(shipped_, name, end)

    .section .rodata
    .balign 4096
    .global LABEL(NAME, _begin)
LABEL(NAME, _begin):
    .incbin MODEL
    .global LABEL(NAME, _end)
LABEL(NAME, _end):
    .byte 0

    .section .note.GNU-stack, "", %progbits
