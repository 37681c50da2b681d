# Untested: it is text for a tap of one's own. Takes the tarball that scripts/package.sh makes, for
# Homebrew on Linux. URL and sum are for whoever publishes one; the sum stands in SHA256SUMS.
class Dynaferry < Formula
  desc "Copies DynamoDB tables"
  homepage "https://dynaferry.example"
  url "https://dynaferry.example/dynaferry-0.1.0-linux-x86_64.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"

  depends_on arch: :x86_64
  depends_on :linux

  def install
    bin.install "bin/dynaferry"
    man1.install "share/man/man1/dynaferry.1.gz"
    bash_completion.install "share/bash-completion/completions/dynaferry"
    zsh_completion.install "share/zsh/site-functions/_dynaferry"
    fish_completion.install "share/fish/vendor_completions.d/dynaferry.fish"
    (share/"dynaferry").install "share/dynaferry/ca-certificates.crt"
    doc.install Dir["share/doc/dynaferry/*"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/dynaferry --version")
  end
end
