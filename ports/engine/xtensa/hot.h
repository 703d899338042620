// For assembly files: UPYML_HOT opens the section of the loops where the time goes. Firmware built with ESP-IDF is given one
// that is copied to the internal RAM; elsewhere, as in a native module, code runs where it lies.
#ifndef UPYML_HOT_SECTION
#define UPYML_HOT .text
#else
#define UPYML_HOT .section UPYML_HOT_SECTION, "ax", @progbits
#endif
