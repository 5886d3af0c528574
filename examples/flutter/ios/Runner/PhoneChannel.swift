import Flutter
import UIKit

/// What the app's own code and this side tell each other: lib/switchboard/native_phone.dart.
final class PhoneChannel: RingingListener {
  private let channel: FlutterMethodChannel
  private let ringing = Ringing.shared
  private var isReady = false

  init(_ messenger: FlutterBinaryMessenger) {
    channel = FlutterMethodChannel(name: "switchboard/phone", binaryMessenger: messenger)
    channel.setMethodCallHandler { [weak self] call, result in self?.handle(call, result) }
    ringing.listener = self
  }

  func onAnswered(_ id: UUID) {
    guard isReady else { return }
    _ = ringing.takeAnswered()
    tell("answered", ["id": id.inSmallLetters])
  }

  func onHungUp(_ id: UUID) { tell("hungUp", ["id": id.inSmallLetters]) }
  func onMuted(_ isMuted: Bool) { tell("muted", ["isMuted": isMuted]) }
  func onSound(_ isGiven: Bool) { tell("sound", ["isGiven": isGiven]) }
  func onPushesChanged() { tell("pushesChanged", [:]) }

  private func tell(_ method: String, _ arguments: [String: Any]) {
    if isReady { channel.invokeMethod(method, arguments: arguments) }
  }

  private func handle(_ call: FlutterMethodCall, _ result: FlutterResult) {
    let fields = call.arguments as? [String: Any] ?? [:]
    switch call.method {
    case "installationId": result(Installation.id)
    case "ready": ready(result)
    case "pushes": result(ringing.pushes)
    case "ring":
      if let ring = Ring(fields) { ringing.ring(ring) }
      result(nil)
    case "mayFillScreen": result(true)
    case "askToFillScreen": result(nil)
    default: handle(call.method, fields, result)
    }
  }

  /// Those about one call.
  private func handle(_ method: String, _ fields: [String: Any], _ result: FlutterResult) {
    guard let text = fields["id"] as? String, let id = UUID(uuidString: text) else {
      return result(FlutterError(code: "id", message: "no UUID", details: nil))
    }
    switch method {
    case "answer": result(ringing.answer(id))
    case "decline": result(ringing.decline(id))
    case "stopRinging", "ended":
      ringing.stop(id, cause: fields["cause"] as? String ?? "ended")
      result(nil)
    case "outgoing":
      let name = fields["nameCaller"] as? String ?? ""
      let isVideo = fields["kind"] as? String == "video"
      ringing.startOutgoing(id, name: name, isVideo: isVideo)
      result(nil)
    case "connected":
      ringing.connected(id)
      result(nil)
    case "mute":
      ringing.mute(id, isMuted: fields["isMuted"] as? Bool ?? false)
      result(nil)
    default: result(FlutterMethodNotImplemented)
    }
  }

  private func ready(_ result: FlutterResult) {
    isReady = true
    result(ringing.takeAnswered()?.inSmallLetters)
    // CallKit may have given it before anybody listened.
    if ringing.isSoundGiven { onSound(true) }
  }
}
