# Sourced by build.sh, see cortex_m0/settings.sh. QEMU's mps2-an505.
kernels=cortex_m_dsp
tools=arm-none-eabi-
flags=(-mcpu=cortex-m33 -mfloat-abi=soft -mthumb)
link=(-T "$here/qemu.ld" -Wl,--defsym=CODE=0x10000000,--defsym=DATA=0x80000000)
start=cortex_m_start.c
packages=(arm-none-eabi-gcc:gcc-arm-none-eabi arm-none-eabi-gcc/libc.a:libnewlib-arm-none-eabi)
