import Pacing
import System

/// A plot of write units by partition and second: time to the right, one row a partition, the
/// darker the nearer to what the partition takes.
enum HeatPlot {
    struct Panel {
        var title: String
        var partitions: [UnitSeries]
    }

    private static let width = 720.0
    private static let height = 260.0
    private static let margin = (left: 60.0, top: 34.0, gap: 64.0)

    static func svg(_ panels: [Panel], full: Double) -> String {
        let tall = Int(clamping: Double(panels.count) * (height + margin.gap) + margin.top)
        let wide = Int(clamping: width + margin.left + 20)
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(wide)" \
            height="\(tall)" font-family="sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="white"/>

            """
        for (number, panel) in panels.enumerated() {
            let top = margin.top + Double(number) * (height + margin.gap)
            text += draw(panel, top: top, full: full)
        }
        return text + "</svg>\n"
    }

    private static func draw(_ panel: Panel, top: Double, full: Double) -> String {
        let seconds = panel.partitions.map(\.slots.count).max() ?? 1
        // Long runs are shown by some hundred columns, each the mean of its seconds.
        let step = max(1, seconds / 180)
        let columns = (seconds + step - 1) / step
        let cell = (width: width / Double(columns), height: height / Double(panel.partitions.count))
        var text = "<text x=\"\(margin.left)\" y=\"\(top - 8)\">\(panel.title)</text>\n"
        for (row, series) in panel.partitions.enumerated() {
            for column in 0..<columns {
                let slots = series.slots.dropFirst(column * step).prefix(step)
                let share = slots.reduce(0, +) / Double(step) / full
                guard share > 0.01 else { continue }
                let x = margin.left + Double(column) * cell.width
                let y = top + Double(row) * cell.height
                text += """
                    <rect x="\(x.text(1))" y="\(y.text(1))" width="\(cell.width.text(2))" \
                    height="\((cell.height * 0.94).text(2))" fill="#b03a2e" \
                    opacity="\(min(1, share).text(2))"/>

                    """
            }
        }
        let bottom = top + height
        text += """
            <rect x="\(margin.left)" y="\(top)" width="\(width)" height="\(height)" fill="none" \
            stroke="#888"/>
            <text x="\(margin.left)" y="\(bottom + 16)">0 s</text>
            <text x="\(margin.left + width)" y="\(bottom + 16)" text-anchor="end">\
            \(seconds) s</text>
            <text x="8" y="\(top + 12)">partition</text>
            <text x="\(margin.left - 6)" y="\(top + 28)" text-anchor="end">0</text>
            <text x="\(margin.left - 6)" y="\(bottom)" text-anchor="end">\
            \(panel.partitions.count - 1)</text>

            """
        return text
    }
}
