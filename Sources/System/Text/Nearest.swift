/// The candidate that `word` was probably meant to be; nil when none is near enough.
///
/// Near is at most a third of the letters wrong (at least one, at most three), or the unfinished
/// beginning of exactly one candidate. Of equally near ones the first wins.
package func nearest(to word: String, among candidates: [String]) -> String? {
    let beginnings = candidates.filter { $0.hasPrefix(word) && word.count >= 4 }
    if beginnings.count == 1 { return beginnings[0] }
    let bound = min(3, max(1, word.drop { $0 == "-" }.count / 3))
    let distances = candidates.map { (candidate: $0, distance: editDistance(word, $0)) }
    guard let best = distances.min(by: { $0.distance < $1.distance }), best.distance <= bound else {
        return nil
    }
    return best.candidate
}

/// The least number of letters to insert, delete, replace or swap with their neighbour (optimal
/// string alignment). Takes time in the product of both lengths; meant for single words.
package func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left)
    let right = Array(right)
    var twoAgo: [Int] = []
    var previous = Array(0...right.count)
    for row in 1..<(left.count + 1) {
        var current = [row]
        for column in 1..<(right.count + 1) {
            let differs = left[row - 1] == right[column - 1] ? 0 : 1
            var cost = min(
                previous[column] + 1, current[column - 1] + 1, previous[column - 1] + differs)
            let swapped =
                row > 1 && column > 1 && left[row - 1] == right[column - 2]
                && left[row - 2] == right[column - 1]
            if swapped { cost = min(cost, twoAgo[column - 2] + 1) }
            current.append(cost)
        }
        (twoAgo, previous) = (previous, current)
    }
    return previous[right.count]
}
