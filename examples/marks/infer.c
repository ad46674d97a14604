/* Build with: powermeter mark header > powermeter_marks.h && cc -O2 -I. infer.c -o infer */
#include "powermeter_marks.h"

int main(void) {
    int i;
    powermeter_instant("epoch", "{\"number\": 1}");
    for (i = 0; i < 3; i++) {
        powermeter_event infer = powermeter_begin("infer");
        powermeter_event decode = powermeter_begin("decode the output");
        usleep(2000); /* the work */
        powermeter_end(decode, POWERMETER_UNKNOWN, NULL);
        powermeter_end(infer, 8, "{\"model\": \"tiny\"}");
    }
    return 0;
}
