// What a lock is, for ESP-IDF to know.
typedef void *SemaphoreHandle_t;
typedef struct {
    void *held;
} StaticSemaphore_t;
