// swift-tools-version: 6.0

import PackageDescription

// Targets stand in the order in which they may import each other: each imports only from lines
// above it. `TidyTests` checks that the sources keep to it.
//
// Release builds go without run-time checks of exclusive access, which the thread sanitizer and
// the debug builds that tests run in do have: they stand in the path of every item.
let unchecked = "-enforce-exclusivity=unchecked"

// What looks at every byte of every item.
let fast: [SwiftSetting] = [.unsafeFlags([unchecked], .when(configuration: .release))]

// What runs once a request. It is no slower for being small, and the compiler is sooner done.
let small: [SwiftSetting] = [.unsafeFlags([unchecked, "-Osize"], .when(configuration: .release))]

// What no item passes through is built as it is written: to optimise it too took a third of a clean
// release build. What others import of it comes out of the same run of the compiler, instead of one
// of its own that reads everything a second time.
let asWritten: [SwiftSetting] = [
    .unsafeFlags(["-Onone", "-no-emit-module-separately-wmo"], .when(configuration: .release))
]

let package = Package(
    name: "dynaferry",
    products: [
        .executable(name: "dynaferry", targets: ["dynaferry"])
    ],
    targets: [
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .systemLibrary(
            name: "CDeflate", pkgConfig: "libdeflate",
            providers: [.apt(["libdeflate-dev"]), .brew(["libdeflate"])]),
        .systemLibrary(
            name: "CCrypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libssl",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(
            name: "CSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CBytes"),

        .target(name: "JSON"),
        .target(name: "Pacing", swiftSettings: small),
        .target(
            name: "ItemBytes", dependencies: ["JSON", "CBytes"], swiftSettings: fast),
        .target(
            name: "DynamoModel", dependencies: ["JSON", "ItemBytes"], swiftSettings: asWritten),
        .target(
            name: "AWS",
            dependencies: [
                "JSON", "Pacing", "CCurl", "CZlib", "CDeflate", "CCrypto", "CLinux",
            ],
            swiftSettings: small),
        .target(
            name: "Accounts", dependencies: ["JSON", "Pacing", "AWS"], swiftSettings: asWritten),
        .target(
            name: "DynamoDB", dependencies: ["JSON", "ItemBytes", "DynamoModel", "AWS"],
            swiftSettings: asWritten),
        .target(
            name: "Engine",
            dependencies: ["JSON", "Pacing", "ItemBytes", "DynamoModel", "AWS", "DynamoDB"],
            exclude: ["Digest/DIGEST.md"], swiftSettings: small),
        .target(
            name: "Transfer",
            dependencies: [
                "JSON", "Pacing", "ItemBytes", "DynamoModel", "AWS", "DynamoDB", "Engine",
                "CSQLite",
            ],
            swiftSettings: asWritten),
        .target(
            name: "LocalItems",
            dependencies: [
                "JSON", "Pacing", "ItemBytes", "DynamoModel", "CZlib", "COpenSSL", "CLinux",
            ],
            swiftSettings: small),
        .target(
            name: "LocalDynamo",
            dependencies: [
                "JSON", "Pacing", "ItemBytes", "DynamoModel", "LocalItems", "CCrypto", "COpenSSL",
            ],
            swiftSettings: asWritten),
        .executableTarget(
            name: "dynaferry",
            dependencies: [
                "JSON", "Pacing", "ItemBytes", "DynamoModel", "AWS", "Accounts", "DynamoDB",
                "Engine", "Transfer", "LocalItems", "LocalDynamo", "CLinux",
            ],
            swiftSettings: asWritten),
        .executableTarget(
            name: "ModelBenchmarks",
            dependencies: [
                "Pacing", "ItemBytes", "DynamoModel", "Engine", "Transfer", "LocalItems",
            ],
            path: "Benchmarks/Model"),

        .executableTarget(
            name: "MicroBenchmarks",
            dependencies: [
                "JSON", "Pacing", "ItemBytes", "DynamoModel", "AWS", "Accounts", "DynamoDB",
                "Engine", "Transfer", "LocalItems", "LocalDynamo",
            ],
            path: "Benchmarks/Micro", swiftSettings: fast),

        .testTarget(name: "JSONTests", dependencies: ["JSON", "Pacing"]),
        .testTarget(name: "PacingTests", dependencies: ["Pacing"]),
        .testTarget(
            name: "ItemBytesTests", dependencies: ["ItemBytes", "DynamoModel", "Pacing", "JSON"]),
        .testTarget(
            name: "DynamoModelTests", dependencies: ["ItemBytes", "DynamoModel", "JSON"]),
        .testTarget(name: "AWSTests", dependencies: ["AWS", "Accounts", "JSON", "Pacing"]),
        .testTarget(
            name: "LocalDynamoTests",
            dependencies: [
                "LocalDynamo", "LocalItems", "ItemBytes", "DynamoModel", "Pacing", "JSON",
            ]),
        .testTarget(
            name: "EngineTests",
            dependencies: ["Engine", "AWS", "ItemBytes", "DynamoModel", "Pacing", "JSON"]),
        .testTarget(
            name: "TransferTests",
            dependencies: [
                "Transfer", "Engine", "AWS", "ItemBytes", "DynamoModel", "Pacing", "JSON",
            ]),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "ModelBenchmarks", "Transfer", "Engine", "DynamoDB", "ItemBytes", "DynamoModel",
                "LocalItems", "Pacing",
            ]),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "Transfer", "Engine", "DynamoDB", "Accounts", "AWS", "LocalItems", "LocalDynamo",
                "ItemBytes", "DynamoModel", "Pacing", "JSON",
            ]),
        .testTarget(
            name: "InteropTests",
            dependencies: ["dynaferry", "Transfer", "Engine", "ItemBytes", "DynamoModel", "JSON"],
            exclude: ["Scripts"]),
        .testTarget(
            name: "CommandLineTests",
            dependencies: ["dynaferry", "Transfer", "LocalDynamo", "Accounts", "JSON"],
            exclude: ["Snapshots"]),
        .testTarget(name: "TidyTests"),
    ],
    swiftLanguageModes: [.v6]
)
