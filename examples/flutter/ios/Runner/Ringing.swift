import AVFAudio
import CallKit
import PushKit
import UIKit

/// What the app's own code is told.
protocol RingingListener: AnyObject {
  func onAnswered(_ id: UUID)
  func onHungUp(_ id: UUID)
  func onMuted(_ isMuted: Bool)
  func onSound(_ isGiven: Bool)
  func onPushesChanged()
}

/// PushKit and CallKit. It works without Flutter: a phone that was killed or locked is woken by a push,
/// and has to tell CallKit of the call before anything else runs. On the main queue alone.
final class Ringing: NSObject {
  static let shared = Ringing()

  weak var listener: RingingListener?
  /// It rings: time to start the app's own code, for an answer.
  var onRing: () -> Void = {}
  private(set) var isSoundGiven = false
  private(set) var voipToken: String?
  private var apnsToken: String?

  private let registry = PKPushRegistry(queue: .main)
  private let controller = CXCallController()
  private let provider: CXProvider = {
    let configuration = CXProviderConfiguration()
    configuration.supportsVideo = true
    configuration.maximumCallGroups = 1
    configuration.maximumCallsPerCallGroup = 1
    configuration.supportedHandleTypes = [.generic]
    configuration.includesCallsInRecents = false // or answer INStartCallIntent
    return CXProvider(configuration: configuration)
  }()

  private var rings: [UUID: Ring] = [:]
  private var watchers: [UUID: RingWatcher] = [:]
  /// Answered here, or outgoing: CallKit knows them.
  private var talking: Set<UUID> = []
  private var outgoing: Set<UUID> = []
  private var over: [UUID] = []
  /// Of the last ring of those, where it was known.
  private var overTickets: [UUID: String] = [:]
  private var answered: UUID?

  /// At launch, always: a push that woke the app waits for it.
  func start() {
    provider.setDelegate(self, queue: nil)
    registry.delegate = self
    registry.desiredPushTypes = [.voIP]
  }

  /// From the app's own code, which may hear of a call before its push comes.
  func ring(_ ring: Ring) {
    if rings[ring.id] != nil || talking.contains(ring.id) || ring.isOver { return }
    report(ring) {}
  }

  /// By the causes of a push that stops a ring.
  func stop(_ id: UUID, cause: String) {
    let isKnown = rings[id] != nil || talking.contains(id)
    forget(id)
    if isKnown { provider.reportCall(with: id, endedAt: nil, reason: Ringing.reason(cause)) }
  }

  /// A push of the type `stop_ring`. This phone has the call where the device is its own.
  func stop(push: [AnyHashable: Any]) {
    guard let text = push["id"] as? String, let id = UUID(uuidString: text) else { return }
    if push["device"] as? String == Installation.id || talking.contains(id) { return }
    stop(id, cause: push["cause"] as? String ?? "ended")
  }

  func answer(_ id: UUID) -> Bool {
    guard rings[id] != nil, !talking.contains(id) else { return false }
    request(CXAnswerCallAction(call: id))
    return true
  }

  /// True: there is a ticket to say so with.
  func decline(_ id: UUID) -> Bool {
    guard let ring = rings[id] else { return false }
    request(CXEndCallAction(call: id))
    return ring.ticket != nil
  }

  func startOutgoing(_ id: UUID, name: String, isVideo: Bool) {
    let handle = CXHandle(type: .generic, value: name.isEmpty ? "?" : name)
    let action = CXStartCallAction(call: id, handle: handle)
    action.isVideo = isVideo
    request(action)
  }

  func connected(_ id: UUID) {
    if outgoing.contains(id) { provider.reportOutgoingCall(with: id, connectedAt: nil) }
  }

  /// From the app's own button. CallKit tells it back as an action, with which nothing changes any more.
  func mute(_ id: UUID, isMuted: Bool) {
    guard talking.contains(id) else { return }
    request(CXSetMutedCallAction(call: id, muted: isMuted))
  }

  func takeAnswered() -> UUID? {
    defer { answered = nil }
    return answered
  }

  func keep(apnsToken token: Data) {
    apnsToken = Ringing.hex(token)
    listener?.onPushesChanged()
  }

  /// For the server's register of devices.
  var pushes: [[String: Any]] {
    [("apns_voip", voipToken), ("apns", apnsToken)].compactMap { kind, value in
      guard let value = value else { return nil }
      return ["kind": kind, "value": value, "isSandbox": Installation.isSandbox]
    }
  }

  private func report(_ ring: Ring, done: @escaping () -> Void) {
    let isOver = self.isOver(ring)
    if !isOver && rings[ring.id] == nil { rings[ring.id] = ring }
    provider.reportNewIncomingCall(with: ring.id, update: update(ring)) { error in
      DispatchQueue.main.async {
        self.reported(ring, isOver: isOver, error: error)
        done()
      }
    }
  }

  private func reported(_ ring: Ring, isOver: Bool, error: Error?) {
    if let error = error as? CXErrorCodeIncomingCallError,
      error.code == .callUUIDAlreadyExists
    {
      // The app heard of it first, and the push has the ticket.
      let isNew = rings[ring.id]?.ticket == nil && ring.ticket != nil
      if isNew && !talking.contains(ring.id) { watch(ring) }
    } else if error != nil {
      forget(ring.id) // do not disturb, or a caller that is blocked: this phone is silent
    } else if isOver {
      provider.reportCall(with: ring.id, endedAt: nil, reason: .remoteEnded)
    } else if rings[ring.id] != nil && !talking.contains(ring.id) {
      watch(ring)
    }
  }

  private func watch(_ ring: Ring) {
    rings[ring.id] = ring
    watchers[ring.id]?.stop()
    let watcher = RingWatcher(
      ring,
      onRinging: { [weak self] call in self?.learn(ring.id, call) },
      onOver: { [weak self] cause in self?.stop(ring.id, cause: cause) }
    )
    watchers[ring.id] = watcher
    watcher.start()
    onRing()
  }

  /// The name that a short push has left out.
  private func learn(_ id: UUID, _ call: LookedAt) {
    guard var ring = rings[id] else { return }
    let name = ring.name ?? call.callerName
    if name == ring.name && call.isVideo == ring.isVideo { return }
    ring.name = name
    ring.isVideo = call.isVideo
    rings[id] = ring
    provider.reportCall(with: id, updated: update(ring))
  }

  private func update(_ ring: Ring) -> CXCallUpdate {
    let update = CXCallUpdate()
    let somebody = NSLocalizedString("Somebody", comment: "A caller without a name")
    update.localizedCallerName = ring.name ?? somebody
    update.remoteHandle = CXHandle(type: .generic, value: ring.handle ?? somebody)
    update.hasVideo = ring.isVideo
    update.supportsHolding = false
    update.supportsGrouping = false
    update.supportsUngrouping = false
    update.supportsDTMF = false
    return update
  }

  /// Whoever is rung again in the same call gets another ticket; a push that comes twice has the same.
  private func isOver(_ ring: Ring) -> Bool {
    guard over.contains(ring.id) else { return false }
    guard let ended = overTickets[ring.id], let ticket = ring.ticket else { return true }
    return ended == ticket
  }

  private func forget(_ id: UUID) {
    if let ticket = rings[id]?.ticket { overTickets[id] = ticket }
    rings[id] = nil
    talking.remove(id)
    outgoing.remove(id)
    watchers.removeValue(forKey: id)?.stop()
    if answered == id { answered = nil }
    over = Array((over.filter { $0 != id } + [id]).suffix(50))
    overTickets = overTickets.filter { over.contains($0.key) }
  }

  private func request(_ action: CXCallAction) {
    controller.request(CXTransaction(action: action)) { error in
      if let error = error { NSLog("CallKit refuses: \(error.localizedDescription)") }
    }
  }

  private static func reason(_ cause: String) -> CXCallEndedReason {
    switch cause {
    case "answered_elsewhere": return .answeredElsewhere
    case "declined_elsewhere": return .declinedElsewhere
    case "over": return .unanswered
    default: return .remoteEnded // cancelled, ended
    }
  }

  /// Why an accept by the ticket is the end of this ring, in the words of a push that stops one. Nil:
  /// it is none, and the app asks again and tells the person: in another call, it offers to leave that.
  private static func cause(_ status: Int, _ code: String?) -> String? {
    switch (status, code) {
    case (409, "answered_elsewhere"): return "answered_elsewhere"
    case (409, "in_another_call"): return nil
    case (409, _), (404, _): return "ended" // call_ended, call_full, or gone
    default: return nil
    }
  }

  private static func hex(_ token: Data) -> String {
    token.map { String(format: "%02x", $0) }.joined()
  }
}

extension Ringing: PKPushRegistryDelegate {
  func pushRegistry(
    _ registry: PKPushRegistry, didUpdate credentials: PKPushCredentials, for type: PKPushType
  ) {
    voipToken = Ringing.hex(credentials.token)
    listener?.onPushesChanged()
  }

  func pushRegistry(_ registry: PKPushRegistry, didInvalidatePushTokenFor type: PKPushType) {
    voipToken = nil
    listener?.onPushesChanged()
  }

  /// Each of these must become a call in CallKit before this returns, or iOS ends the app, and after
  /// some times brings no more of them.
  func pushRegistry(
    _ registry: PKPushRegistry, didReceiveIncomingPushWith payload: PKPushPayload,
    for type: PKPushType, completion: @escaping () -> Void
  ) {
    if let ring = Ring(payload.dictionaryPayload) {
      report(ring, done: completion)
      return
    }
    let nobody = UUID()
    provider.reportNewIncomingCall(with: nobody, update: CXCallUpdate()) { _ in completion() }
    provider.reportCall(with: nobody, endedAt: nil, reason: .failed)
  }
}

extension Ringing: CXProviderDelegate {
  func providerDidReset(_ provider: CXProvider) {
    let all = talking.union(rings.keys)
    all.forEach { forget($0) }
    all.forEach { listener?.onHungUp($0) }
  }

  /// The app's own code asks for the way into the room, side by side: the same device, the same seat.
  func provider(_ provider: CXProvider, perform action: CXAnswerCallAction) {
    let id = action.callUUID
    watchers.removeValue(forKey: id)?.stop()
    talking.insert(id)
    answered = id
    onRing()
    listener?.onAnswered(id)
    guard let ring = rings[id], ring.ticket != nil else { return action.fulfill() }
    TicketClient(ring: ring).accept { answer in
      action.fulfill() // also where nothing answered: the app tries again
      guard case .refused(let status, let code) = answer else { return }
      if let cause = Ringing.cause(status, code) { self.stop(id, cause: cause) }
    }
  }

  /// Fulfilled at once: an action that waits for a network is shown as a call that failed.
  func provider(_ provider: CXProvider, perform action: CXEndCallAction) {
    let id = action.callUUID
    let ring = talking.contains(id) ? nil : rings[id]
    forget(id)
    if let ring = ring, ring.ticket != nil { sayNo(ring) }
    listener?.onHungUp(id)
    action.fulfill()
  }

  func provider(_ provider: CXProvider, perform action: CXStartCallAction) {
    outgoing.insert(action.callUUID)
    talking.insert(action.callUUID)
    provider.reportOutgoingCall(with: action.callUUID, startedConnectingAt: nil)
    action.fulfill()
  }

  func provider(_ provider: CXProvider, perform action: CXSetMutedCallAction) {
    listener?.onMuted(action.isMuted)
    action.fulfill()
  }

  func provider(_ provider: CXProvider, didActivate audioSession: AVAudioSession) {
    isSoundGiven = true
    listener?.onSound(true)
  }

  func provider(_ provider: CXProvider, didDeactivate audioSession: AVAudioSession) {
    isSoundGiven = false
    listener?.onSound(false)
  }

  private func sayNo(_ ring: Ring) {
    var background = UIBackgroundTaskIdentifier.invalid
    let letSleep = {
      if background == .invalid { return }
      UIApplication.shared.endBackgroundTask(background)
      background = .invalid
    }
    background = UIApplication.shared.beginBackgroundTask(
      withName: "decline", expirationHandler: letSleep)
    let client = TicketClient(ring: ring)
    client.decline { answer in
      guard case .unreachable = answer else { return letSleep() }
      client.decline { _ in letSleep() }
    }
  }
}
