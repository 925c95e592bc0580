// See emmintrin.h.
#include "emmintrin.h"
