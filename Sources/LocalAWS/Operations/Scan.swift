import DynamoModel
import System

/// Scan (API reference): one page of a table, of one of its indexes, or of one segment of these.
extension Service {
    /// Returns where in `output` the body begins: before the items, whose number is known last.
    func scan(
        _ request: Parameters, scratch: RequestScratch, into output: inout ByteStorage
    ) throws(ServiceError) -> Int {
        try request.refuse("AttributesToGet", "ScanFilter", "ConditionalOperator")
        var page = try PageRequest(request)
        let segment = try segment(request)
        var expressions = try RequestExpressions(request, [.filter, .projection], &scratch.encoder)
        try page.read(&expressions)
        try expressions.checkAllUsed()
        let now = time.now
        let table = try tables.table(serving: page.name, at: now)
        let target = try page.target(in: table, at: now)
        page.query.extent = .segment(segment)
        page.query.start = try startKey(request, of: target, segment, scratch: scratch)
        return try page.answer(from: table, at: now, into: &output)
    }

    private func segment(_ request: Parameters) throws(ServiceError) -> HashSegment {
        let total = try request.int("TotalSegments", from: 1, to: ServiceLimits.segmentsMax)
        let index = try request.int("Segment", from: 0, to: ServiceLimits.segmentsMax - 1)
        switch (total, index) {
        case (nil, nil): return .whole
        case (nil, _):
            throw .validation(
                "The TotalSegments parameter is required but was not present in the request when "
                    + "Segment parameter is present")
        case (_, nil):
            throw .validation(
                "The Segment parameter is required but was not present in the request when "
                    + "parameter TotalSegments is present")
        case (let total?, let index?):
            guard index < total else {
                throw .validation(
                    "The Segment parameter is zero-based and must be less than parameter "
                        + "TotalSegments: Segment: \(index) is not less than TotalSegments: "
                        + "\(total)")
            }
            return HashSegment(index: index, total: total)
        }
    }

    private func startKey(
        _ request: Parameters, of target: ReadTarget, _ segment: HashSegment,
        scratch: RequestScratch
    ) throws(ServiceError) -> (hash: UInt64, key: [UInt8])? {
        guard let bytes = request["ExclusiveStartKey"] else { return nil }
        let start = try scratch.startKey(bytes, of: target, isExplained: target.index == nil)
        guard segment.contains(start.hash) else {
            throw .validation(
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
                    + "ExclusiveStartKey with correct Segment. TotalSegments: \(segment.total) "
                    + "Segment: \(segment.index)")
        }
        return start
    }
}
