// The word of board.sh's MicroPython.
typedef int mp_int_t;
typedef unsigned int mp_uint_t;
