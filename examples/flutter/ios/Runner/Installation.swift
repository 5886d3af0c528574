import Foundation

/// What this app on this phone is called, and where its server is.
enum Installation {
  /// Kept where no backup brings it to another phone, which would be taken for this one; and readable
  /// before the phone is unlocked for the first time, when a push may come.
  static let id: String = {
    let folder = FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)[0]
    var file = folder.appendingPathComponent("switchboard-installation")
    if let kept = try? String(contentsOf: file, encoding: .utf8), !kept.isEmpty { return kept }
    let made = UUID().uuidString.lowercased()
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try? Data(made.utf8).write(to: file, options: [.atomic, .noFileProtection])
    var values = URLResourceValues()
    values.isExcludedFromBackup = true
    try? file.setResourceValues(values)
    return made
  }()

  /// From Info.plist: it is asked while no Dart runs.
  static let baseUrl: String = {
    let url = Bundle.main.object(forInfoDictionaryKey: "SwitchboardBaseURL") as? String ?? ""
    precondition(url.hasPrefix("http"), "SwitchboardBaseURL is missing in Info.plist")
    return url.hasSuffix("/") ? String(url.dropLast()) : url
  }()

  /// Installed by Xcode: Apple's other server rings it. An app of the App Store has no such file.
  static let isSandbox: Bool = {
    guard let path = Bundle.main.path(forResource: "embedded", ofType: "mobileprovision"),
      let profile = try? String(contentsOfFile: path, encoding: .isoLatin1),
      let key = profile.range(of: "<key>aps-environment</key>")
    else { return false }
    return profile[key.upperBound...].prefix(60).contains("development")
  }()
}
