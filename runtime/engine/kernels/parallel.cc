#include "parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace spadework {
namespace {

// How long a thread looks again and again before it sleeps: kernels call in quick succession, and waking takes longer than that.
constexpr std::chrono::microseconds kPatience(50);

// Waits a little for a condition; tells whether it came true.
template <class Condition>
bool SpinUntil(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  do {
    for (int i = 0; i < 64; i++)
      if (condition()) return true;
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// The tasks of one caller. Whoever holds it takes the next task until there is none.
struct Job {
  Job(int64_t count, const std::function<void(int64_t)>& task) : count(count), task(task) {}

  void Work() {
    for (int64_t index; (index = next.fetch_add(1)) < count;) {
      task(index);
      if (done.fetch_add(1) + 1 == count) {
        const std::lock_guard<std::mutex> lock(mutex);
        finished.notify_all();
      }
    }
  }

  void Wait() {
    if (SpinUntil([this] { return done.load() == count; })) return;
    std::unique_lock<std::mutex> lock(mutex);
    finished.wait(lock, [this] { return done.load() == count; });
  }

  bool HasTasks() const { return next.load() < count; }

  const int64_t count;
  const std::function<void(int64_t)>& task;  // lives until all tasks are done
  std::atomic<int64_t> next{0};
  std::atomic<int64_t> done{0};
  std::mutex mutex;
  std::condition_variable finished;
};

// Threads that wait for jobs. They are never joined: TensorFlow may still compute while the process ends.
class Helpers {
 public:
  explicit Helpers(int count) {
    for (int i = 0; i < count; i++) std::thread([this] { Serve(); }).detach();
  }

  void Offer(const std::shared_ptr<Job>& job) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      jobs_.push_back(job);
      offered_.fetch_add(1);
    }
    arrived_.notify_all();
  }

  void Withdraw(const std::shared_ptr<Job>& job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs_.erase(std::remove(jobs_.begin(), jobs_.end(), job), jobs_.end());
  }

 private:
  void Serve() {
    for (int64_t seen = 0;;) {
      SpinUntil([&] { return offered_.load() != seen; });
      std::shared_ptr<Job> job;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        arrived_.wait(lock, [&] {
          while (!jobs_.empty() && !jobs_.front()->HasTasks()) jobs_.pop_front();
          return !jobs_.empty();
        });
        job = jobs_.front();
        seen = offered_.load();
      }
      job->Work();
    }
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::shared_ptr<Job>> jobs_;
  std::atomic<int64_t> offered_{0};
};

int CountThreads() {
  const char* wanted = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int given = wanted ? std::atoi(wanted) : 0;
  return std::max(1, given > 0 ? given : static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

int ThreadCount() {
  static const int count = CountThreads();
  return count;
}

void ParallelFor(int64_t count, const std::function<void(int64_t)>& task) {
  if (count <= 1 || ThreadCount() == 1) {
    for (int64_t index = 0; index < count; index++) task(index);
    return;
  }
  static Helpers* helpers = new Helpers(ThreadCount() - 1);
  const auto job = std::make_shared<Job>(count, task);
  helpers->Offer(job);
  job->Work();
  helpers->Withdraw(job);
  job->Wait();
}

}  // namespace spadework
