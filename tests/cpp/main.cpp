// Runs every C++ test; silence and exit code 0 mean that all is well.
namespace az::test {
void test_chess();
void test_encode();
void test_mcts();
void test_replay();
}  // namespace az::test

int main() {
  az::test::test_chess();
  az::test::test_encode();
  az::test::test_mcts();
  az::test::test_replay();
}
