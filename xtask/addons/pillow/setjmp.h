// Pillow leaves libjpeg by longjmp where a file can't be read on. A component has no exceptions,
// by which clang would make that: the run ends, after libjpeg has said why.
#include <stdio.h>
#include <stdlib.h>
typedef int jmp_buf[1];
#define setjmp(place) ((void)(place), 0)
static inline _Noreturn void longjmp(jmp_buf place, int value) {
  (void)place;
  (void)value;
  fputs("PIL: libjpeg has found an error that the sandbox can't come back from\n", stderr);
  abort();
}
