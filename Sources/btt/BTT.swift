@main
struct BTT {
  static func main() {}
}
