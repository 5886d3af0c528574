package switchboard

import android.content.Context
import android.content.Intent
import android.os.Bundle
import io.flutter.embedding.android.FlutterActivity
import io.flutter.embedding.engine.FlutterEngine

/** The app. It is opened by an answer too, which is taken at once, while Flutter still starts. */
class MainActivity : FlutterActivity() {
    private var channel: PhoneChannel? = null

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        if (savedInstanceState == null) answerIn(intent)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        answerIn(intent)
    }

    override fun configureFlutterEngine(flutterEngine: FlutterEngine) {
        super.configureFlutterEngine(flutterEngine)
        channel = PhoneChannel(this, flutterEngine.dartExecutor.binaryMessenger)
    }

    override fun cleanUpFlutterEngine(flutterEngine: FlutterEngine) {
        channel?.close()
        channel = null
        super.cleanUpFlutterEngine(flutterEngine)
    }

    /** The way back out of the app in the middle of a call leaves it running. */
    override fun popSystemNavigator(): Boolean = CallService.isTalking && moveTaskToBack(true)

    private fun answerIn(intent: Intent) {
        if (intent.action != ANSWER) return
        val ring = Ring.of(intent.extras) ?: return
        intent.action = null // not once more, when the screen turns
        channel?.showOverLock(true)
        Ringing.answer(this, ring)
    }

    companion object {
        private const val ANSWER = "switchboard.ANSWER"

        fun answerIntent(context: Context, ring: Ring): Intent =
            Intent(context, MainActivity::class.java)
                .setAction(ANSWER)
                .putExtras(ring.toBundle())
                .addFlags(Intent.FLAG_ACTIVITY_NEW_TASK or Intent.FLAG_ACTIVITY_SINGLE_TOP)
    }
}
