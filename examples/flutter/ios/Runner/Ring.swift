import Foundation

/// A ring, as a push or the app brings it. Whoever has `ticket` can decline it: it is never logged.
struct Ring {
  let id: UUID
  let ticket: String?
  var name: String?
  let handle: String?
  var isVideo: Bool
  /// By the phone's clock since its start, which nobody sets.
  var endsAt: DispatchTime

  /// Where a push says nothing (`PUSH_PAYLOAD=minimal`): the first look at the call knows it.
  private static let usualSeconds = 45

  init?(_ fields: [AnyHashable: Any]) {
    guard let text = fields["id"] as? String, let id = UUID(uuidString: text) else { return nil }
    self.id = id
    ticket = fields["ticket"] as? String
    let name = fields["nameCaller"] as? String ?? ""
    self.name = name.isEmpty ? nil : name
    handle = fields["handle"] as? String
    isVideo = fields["kind"] as? String == "video"
    endsAt = .now() + .seconds(Ring.seconds(fields["ringSeconds"]))
  }

  var isOver: Bool { DispatchTime.now() >= endsAt }

  /// A number in Apple's pushes, a string in those that come by another way.
  private static func seconds(_ value: Any?) -> Int {
    if let number = value as? NSNumber { return number.intValue }
    return (value as? String).flatMap { Int($0) } ?? usualSeconds
  }
}

extension UUID {
  /// As the server writes it; CallKit hands it back in capitals.
  var inSmallLetters: String { uuidString.lowercased() }
}

/// As much of a call's JSON as a phone that rings has to know.
struct LookedAt {
  let version: Int
  let isVideo: Bool
  let ringSeconds: Int
  let rings: Bool
  let callerName: String?
  /// Why the ring has ended, in the words of a push that stops one.
  let cause: String

  init?(_ json: [String: Any]) {
    guard let call = json["call"] as? [String: Any],
      let version = call["version"] as? Int,
      let me = call["me"] as? [String: Any],
      let state = me["state"] as? String
    else { return nil }
    self.version = version
    isVideo = call["kind"] as? String == "video"
    ringSeconds = me["ringSeconds"] as? Int ?? 0
    rings = state == "ringing" && ringSeconds > 0
    let caller = call["caller"] as? String
    let parties = call["parties"] as? [[String: Any]] ?? []
    callerName = parties.first { $0["uid"] as? String == caller }?["name"] as? String
    switch state {
    case "joining", "joined", "lost": cause = "answered_elsewhere"
    case "declined", "busy": cause = "declined_elsewhere"
    case "missed", "ringing": cause = "over"
    default: cause = call["outcome"] as? String == "cancelled" ? "cancelled" : "ended"
    }
  }
}
