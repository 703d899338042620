// UPYML_HOT stands before the loops where the time goes, in C before a function, in assembly in place of .text. RP2 firmware
// is given a section that is copied to SRAM; elsewhere, as in a native module, code runs where it lies.
#ifndef UPYML_CORTEX_M_DSP_HOT_H
#define UPYML_CORTEX_M_DSP_HOT_H

#ifdef __ASSEMBLER__
#ifdef UPYML_HOT_SECTION
#define UPYML_HOT .section UPYML_HOT_SECTION, "ax", %progbits
#else
#define UPYML_HOT .text
#endif
#elif defined(UPYML_HOT_SECTION)
#define UPYML_HOT __attribute__((noinline, section(UPYML_HOT_SECTION)))
#else
#define UPYML_HOT __attribute__((noinline))
#endif

#endif
