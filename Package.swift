// swift-tools-version: 6.0

import PackageDescription

// Targets stand in the order in which they may import each other: each imports only from lines
// above it. `scripts/test.sh` builds with the compiler's own check that nothing else is imported.

/// A library of Debian's, or a header of the system, as a module.
func library(_ name: String, pkgConfig: String, apt: String, brew: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt]), .brew([brew])])
}

let package = Package(
    name: "dynaferry",
    products: [
        .executable(name: "dynaferry", targets: ["dynaferry"])
    ],
    targets: [
        library("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev", brew: "curl"),
        library("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev", brew: "zlib"),
        library("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev", brew: "zstd"),
        library("CDeflate", pkgConfig: "libdeflate", apt: "libdeflate-dev", brew: "libdeflate"),
        library("CCrypto", pkgConfig: "libcrypto", apt: "libssl-dev", brew: "openssl@3"),
        library("CSSL", pkgConfig: "libssl", apt: "libssl-dev", brew: "openssl@3"),
        library("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev", brew: "sqlite"),
        library("CExpat", pkgConfig: "expat", apt: "libexpat1-dev", brew: "expat"),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CBytes"),

        .target(
            name: "System",
            dependencies: [
                "CZlib", "CZstd", "CDeflate", "CCrypto", "CSQLite", "CExpat", "CLinux",
            ]),
        .target(name: "JSON", dependencies: ["System"]),
        .target(name: "Pacing", dependencies: ["System"]),
        .target(name: "DynamoModel", dependencies: ["System", "JSON", "CBytes"]),
        .target(name: "AWS", dependencies: ["System", "JSON", "Pacing", "CCurl"]),
        .target(name: "DynamoDB", dependencies: ["System", "JSON", "DynamoModel", "AWS"]),
        .target(name: "S3", dependencies: ["System", "DynamoModel", "AWS"]),
        .target(name: "Formats", dependencies: ["System", "JSON", "DynamoModel"]),
        .target(name: "Flow", dependencies: ["System", "Pacing", "DynamoModel"]),
        .target(
            name: "Connectors",
            dependencies: [
                "System", "JSON", "Pacing", "DynamoModel", "AWS", "DynamoDB", "S3", "Formats",
                "Flow",
            ]),
        .target(
            name: "Schema",
            dependencies: ["System", "JSON", "DynamoModel", "AWS", "DynamoDB", "Flow"]),
        .target(
            name: "Status",
            dependencies: [
                "System", "JSON", "Pacing", "DynamoModel", "Flow", "Connectors", "Schema",
            ]),
        .target(
            name: "Jobs",
            dependencies: [
                "System", "JSON", "Pacing", "DynamoModel", "Flow", "Connectors", "Schema", "Status",
            ]),
        .target(
            name: "Native",
            dependencies: [
                "System", "JSON", "Pacing", "AWS", "DynamoDB", "Flow", "Connectors", "Status",
                "Jobs",
            ]),
        .target(
            name: "Transfer",
            dependencies: [
                "System", "JSON", "Pacing", "DynamoModel", "AWS", "DynamoDB", "Flow",
                "Formats", "Connectors", "Schema", "Status", "Jobs", "Native",
            ]),
        .target(
            name: "Snapshots",
            dependencies: [
                "System", "JSON", "Pacing", "DynamoModel", "AWS", "DynamoDB", "S3", "Flow",
                "Connectors", "Schema", "Status", "Jobs", "Native", "Transfer",
            ]),
        .target(name: "HTTPServer", dependencies: ["System", "Pacing", "CSSL", "CLinux"]),
        .target(
            name: "LocalAWS",
            dependencies: ["System", "JSON", "Pacing", "DynamoModel", "Formats", "HTTPServer"]),
        .target(name: "CommandLine", dependencies: ["System", "JSON"]),
        .target(
            name: "Arguments",
            dependencies: [
                "System", "JSON", "Pacing", "DynamoModel", "AWS", "DynamoDB", "S3", "Flow",
                "Formats", "Connectors", "Schema", "Status", "Jobs", "Transfer", "Snapshots",
                "HTTPServer", "LocalAWS", "CommandLine",
            ]),
        .executableTarget(
            name: "dynaferry",
            dependencies: [
                "System", "JSON", "Pacing", "DynamoModel", "AWS", "DynamoDB", "S3", "Flow",
                "Formats", "Connectors", "Schema", "Status", "Jobs", "Transfer", "Snapshots",
                "HTTPServer", "LocalAWS", "CommandLine", "Arguments",
            ]),

        .executableTarget(
            name: "ModelBenchmarks",
            dependencies: [
                "System", "Pacing", "DynamoModel", "Flow", "Connectors", "Transfer", "LocalAWS",
            ],
            path: "Benchmarks/Model"),
        .executableTarget(
            name: "MicroBenchmarks",
            dependencies: [
                "System", "JSON", "Pacing", "DynamoModel", "AWS", "DynamoDB", "Flow", "Connectors",
                "Schema", "Status", "Jobs", "Transfer",
                "LocalAWS",
            ],
            path: "Benchmarks/Micro"),

        // What several test targets share.
        .target(
            name: "TestSupport", dependencies: ["System", "JSON", "Pacing", "HTTPServer"],
            path: "Tests/Support"),
        .testTarget(name: "SystemTests", dependencies: ["System", "Pacing"]),
        .testTarget(name: "JSONTests", dependencies: ["TestSupport", "JSON", "Pacing"]),
        .testTarget(name: "PacingTests", dependencies: ["Pacing"]),
        .testTarget(
            name: "DynamoModelTests", dependencies: ["System", "DynamoModel", "Pacing", "JSON"]),
        .testTarget(
            name: "AWSTests", dependencies: ["TestSupport", "System", "AWS", "JSON", "Pacing"]),
        .testTarget(
            name: "FormatsTests", dependencies: ["System", "JSON", "DynamoModel", "Formats"]),
        .testTarget(name: "DynamoDBTests", dependencies: ["AWS", "DynamoDB", "JSON"]),
        .testTarget(
            name: "S3Tests",
            dependencies: ["TestSupport", "System", "AWS", "S3", "JSON", "Pacing"]),
        .testTarget(
            name: "LocalAWSTests",
            dependencies: [
                "TestSupport", "System", "HTTPServer", "LocalAWS", "DynamoModel", "Pacing", "JSON",
            ]),
        .testTarget(
            name: "FlowTests",
            dependencies: ["TestSupport", "System", "Flow", "Connectors", "DynamoModel", "Pacing"]),
        .testTarget(
            name: "ConnectorsTests",
            dependencies: [
                "System", "Flow", "Connectors", "AWS", "DynamoDB", "DynamoModel", "Pacing", "JSON",
            ]),
        .testTarget(
            name: "TransferTests",
            dependencies: [
                "TestSupport",
                "System", "Schema", "Status", "Jobs", "Transfer", "Flow", "Connectors", "AWS",
                "DynamoDB", "DynamoModel", "Pacing", "JSON",
            ]),
        .testTarget(
            name: "NativeTests",
            dependencies: [
                "System", "JSON", "Pacing", "DynamoModel", "AWS", "DynamoDB", "Flow", "Status",
                "Jobs", "Native", "Transfer", "Snapshots",
            ]),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "ModelBenchmarks", "System", "Schema", "Status", "Transfer", "Flow", "Connectors",
                "AWS",
                "DynamoDB",
                "DynamoModel",
                "LocalAWS", "Pacing", "JSON",
            ]),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "TestSupport",
                "System", "Schema", "Status", "Jobs", "Transfer", "Flow", "Connectors", "DynamoDB",
                "AWS", "S3", "HTTPServer", "LocalAWS", "DynamoModel", "Pacing", "JSON",
            ]),
        .testTarget(
            name: "InteropTests",
            dependencies: [
                "TestSupport", "dynaferry", "Arguments",
                "System", "AWS", "S3", "Schema", "Status", "Transfer",
                "Flow",
                "Connectors",
                "DynamoModel", "JSON",
            ],
            exclude: ["Scripts"]),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "TestSupport",
                "dynaferry", "Arguments",
                "CommandLine", "System", "Schema", "Status", "Jobs", "Transfer", "LocalAWS",
                "HTTPServer", "AWS",
                "DynamoModel", "JSON", "Pacing",
            ],
            exclude: ["Snapshots"]),
        .testTarget(name: "TidyTests"),
    ],
    swiftLanguageModes: [.v6]
)
