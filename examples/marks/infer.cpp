// Build with: powermeter mark header > powermeter_marks.h && c++ -O2 -I. infer.cpp -o infer
#include <chrono>
#include <thread>

#include "powermeter_marks.h"

// An event that ends with its block, also where that throws.
class Event {
  public:
    explicit Event(const char *name, double items = 1, const char *json = nullptr)
        : event_(powermeter_begin(name)), items_(items), json_(json) {}
    ~Event() { powermeter_end(event_, items_, json_); }
    Event(const Event &) = delete;
    Event &operator=(const Event &) = delete;

  private:
    powermeter_event event_;
    double items_;
    const char *json_;
};

int main() {
    powermeter_instant("epoch", "{\"number\": 1}");
    for (int i = 0; i < 3; i++) {
        Event infer("infer", 8, "{\"model\": \"tiny\"}");
        Event decode("decode the output", POWERMETER_UNKNOWN);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));  // the work
    }
}
