# Sourced by build.sh: the engine's kernels (a folder of ports/engine, or none), the compiler's prefix and flags for code and
# for linking, the files in ports/bare that start the program, and Debian's packages that it takes.
kernels=cortex_m0
tools=arm-none-eabi-
flags=(-mcpu=cortex-m0plus -mthumb)
link=(-T "$here/cortex_m0/link.ld")
start=cortex_m0/start.c
packages=(arm-none-eabi-gcc:gcc-arm-none-eabi arm-none-eabi-gcc/libc.a:libnewlib-arm-none-eabi)
