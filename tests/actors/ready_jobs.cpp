#define BOOST_TEST_MODULE actors.ready_jobs
#include "actors/queues/ready_jobs.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace pawl;
using namespace pawl::actors;

namespace {

struct row {
  frame_id name;
  int age; ///< The smaller, the older.
  std::int64_t priority = 0;
  std::string key = "";
  label_map labels = {};
};

ready_jobs::job job_of(const row& r) {
  return {.id = {{}, r.name},
          .labels = r.labels,
          .priority = r.priority,
          .key = r.key,
          .since = from_unix_ms(r.age)};
}

ready_jobs filled(const std::vector<row>& rows) {
  ready_jobs out;
  for (const auto& r : rows)
    out.add(job_of(r));
  return out;
}

/// The jobs in the order in which a worker with `has` gets them.
std::vector<frame_id> order(ready_jobs jobs, const label_map& has = {}) {
  std::vector<frame_id> out;
  while (const auto one = jobs.take(has))
    out.push_back(one->frame);
  return out;
}

using frames = std::vector<frame_id>;

} // namespace

BOOST_AUTO_TEST_CASE(the_oldest_goes_first) {
  BOOST_TEST(order(filled({{1, 30}, {2, 10}, {3, 20}})) == (frames{2, 3, 1}));
}

BOOST_AUTO_TEST_CASE(the_greater_priority_goes_first_whatever_the_age) {
  BOOST_TEST(order(filled({{1, 10, 0}, {2, 20, 5}, {3, 30, -1}, {4, 40, 5}}))
             == (frames{2, 4, 1, 3}));
}

BOOST_AUTO_TEST_CASE(each_key_has_its_turn) {
  BOOST_TEST(order(filled({{1, 1, 0, "a"},
                           {2, 2, 0, "a"},
                           {3, 3, 0, "a"},
                           {4, 4, 0, "b"},
                           {5, 5, 0, "c"},
                           {6, 6, 0, "b"}}))
             == (frames{1, 4, 5, 2, 6, 3}));
}

BOOST_AUTO_TEST_CASE(turns_count_within_a_priority) {
  BOOST_TEST(
    order(
      filled({{1, 1, 0, "a"}, {2, 2, 0, "b"}, {3, 3, 9, "a"}, {4, 4, 9, "a"}}))
    == (frames{3, 4, 1, 2}));
}

BOOST_AUTO_TEST_CASE(a_key_that_comes_again_and_again_does_not_starve_others) {
  auto jobs = filled({{1, 1, 0, "busy"}, {2, 2, 0, "late"}, {3, 3, 0, "late"}});
  frames given;
  for (frame_id next = 10; next < 14; ++next) {
    given.push_back(jobs.take({})->frame);
    jobs.add(job_of({next, 0, 0, "busy"}));
  }
  BOOST_TEST(given == (frames{1, 2, 10, 3}));
}

BOOST_AUTO_TEST_CASE(a_worker_gets_only_what_it_has_the_labels_for) {
  const auto jobs = filled({{1, 1, 0, "", {{"gpu", "a100"}}},
                            {2, 2},
                            {3, 3, 0, "", {{"gpu", "a100"}, {"zone", "x"}}},
                            {4, 4, 0, "", {{"gpu", "t4"}}}});
  BOOST_TEST(order(jobs) == (frames{2}));
  BOOST_TEST(order(jobs, {{"gpu", "a100"}}) == (frames{1, 2}));
  BOOST_TEST(order(jobs, {{"gpu", "t4"}, {"zone", "x"}}) == (frames{2, 4}));
  BOOST_TEST(order(jobs, {{"gpu", "a100"}, {"os", "l"}, {"zone", "x"}})
             == (frames{1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(a_worker_gets_only_jobs_of_those_it_may_serve) {
  ready_jobs jobs;
  jobs.add({.id = {{}, 1}, .since = {}, .owner = {"a", "x"}});
  jobs.add({.id = {{}, 2}, .since = {}, .owner = {"b", "x"}});
  const auto serves = [](std::string wanted) {
    return [wanted](const std::string& ns, const std::string&) {
      return ns == wanted;
    };
  };
  BOOST_TEST(!jobs.take({}, serves("c")));
  BOOST_TEST(jobs.take({}, serves("b"))->frame == 2U);
  BOOST_TEST(!jobs.take({}, serves("b")));
  BOOST_TEST(jobs.take({})->frame == 1U);
}

BOOST_AUTO_TEST_CASE(a_key_has_one_turn_over_all_labels) {
  const auto jobs = filled({{1, 1, 0, "a", {{"gpu", "x"}}},
                            {2, 2, 0, "a"},
                            {3, 3, 0, "b"},
                            {4, 4, 0, "b", {{"gpu", "x"}}}});
  BOOST_TEST(order(jobs, {{"gpu", "x"}}) == (frames{1, 3, 2, 4}));
}

BOOST_AUTO_TEST_CASE(what_is_removed_is_not_given_away) {
  auto jobs = filled({{1, 1, 0, "a"}, {2, 2, 0, "b"}, {3, 3, 0, "a"}});
  BOOST_TEST(jobs.remove({{}, 1}));
  BOOST_TEST(!jobs.remove({{}, 1}));
  BOOST_TEST(jobs.size() == 2U);
  BOOST_TEST(unix_ms(*jobs.oldest()) == 2);
  BOOST_TEST(order(jobs) == (frames{3, 2}));
}

BOOST_AUTO_TEST_CASE(a_job_is_there_once) {
  auto jobs = filled({{1, 1}, {1, 2}});
  BOOST_TEST(jobs.size() == 1U);
  BOOST_TEST(order(jobs) == (frames{1}));
  BOOST_TEST(!filled({}).oldest());
}

BOOST_AUTO_TEST_CASE(nothing_is_left_behind_by_many_moves) {
  ready_jobs jobs;
  std::uint64_t state = 7;
  const auto draw = [&](std::uint64_t n) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % n;
  };
  std::size_t inside = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto name = static_cast<frame_id>(draw(200));
    const auto before = jobs.contains({{}, name});
    if (draw(2) == 0) {
      jobs.add(job_of({name, static_cast<int>(draw(50)),
                       static_cast<std::int64_t>(draw(3)),
                       std::string(1, static_cast<char>('a' + draw(4))),
                       draw(2) == 0 ? label_map{} : label_map{{"l", "1"}}}));
      inside += before ? 0 : 1;
    } else if (draw(2) == 0) {
      inside -= jobs.remove({{}, name}) ? 1 : 0;
    } else {
      inside -= jobs.take({{"l", "1"}}) ? 1 : 0;
    }
    BOOST_REQUIRE(jobs.size() == inside);
  }
  while (jobs.take({{"l", "1"}}))
    --inside;
  BOOST_TEST(inside == 0U);
  BOOST_TEST(jobs.empty());
  BOOST_TEST(!jobs.oldest());
}
