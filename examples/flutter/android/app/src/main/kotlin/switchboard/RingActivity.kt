package switchboard

import android.app.Activity
import android.content.Context
import android.content.Intent
import android.graphics.Color
import android.os.Build
import android.os.Bundle
import android.view.Gravity
import android.view.WindowManager
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView
import com.example.phone.R // the app's namespace, of android/app/build.gradle.kts

/** The call on a locked screen: there at once, for no Flutter has to start for it. */
class RingActivity : Activity(), Ringing.Listener {
    private var shown: Ring? = null
    private lateinit var name: TextView

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        showOverLock()
        val ring = Ring.of(intent.extras)
        if (ring == null || Ringing.ring?.id != ring.id) return finish()
        shown = ring
        setContentView(content(ring))
        Ringing.listen(this)
    }

    override fun onDestroy() {
        Ringing.unlisten(this)
        super.onDestroy()
    }

    override fun onRing(ring: Ring?) {
        if (ring?.id != shown?.id) return finish()
        shown = ring
        if (ring != null) name.text = Notifications.nameOf(this, ring)
    }

    @Suppress("DEPRECATION")
    private fun showOverLock() {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O_MR1) {
            setShowWhenLocked(true)
            setTurnScreenOn(true)
        } else {
            window.addFlags(
                WindowManager.LayoutParams.FLAG_SHOW_WHEN_LOCKED or
                    WindowManager.LayoutParams.FLAG_TURN_SCREEN_ON,
            )
        }
        window.addFlags(WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON)
    }

    private fun content(ring: Ring): LinearLayout {
        val column = LinearLayout(this)
        column.orientation = LinearLayout.VERTICAL
        column.gravity = Gravity.CENTER
        column.setBackgroundColor(Color.BLACK)
        name = text(Notifications.nameOf(this, ring), 32f)
        column.addView(name)
        column.addView(text(getString(Notifications.kindOf(ring.isVideo)), 18f))
        column.addView(buttons())
        return column
    }

    private fun buttons(): LinearLayout {
        val row = LinearLayout(this)
        row.gravity = Gravity.CENTER
        row.setPadding(0, 160, 0, 0)
        row.addView(button(R.string.switchboard_decline) { decline() })
        row.addView(button(R.string.switchboard_accept) { accept() })
        return row
    }

    private fun decline() {
        shown?.let { Ringing.decline(this, it) }
        finish()
    }

    private fun accept() {
        shown?.let { startActivity(MainActivity.answerIntent(this, it)) }
        finish()
    }

    private fun text(words: String, size: Float): TextView {
        val view = TextView(this)
        view.text = words
        view.textSize = size
        view.gravity = Gravity.CENTER
        view.setTextColor(Color.WHITE)
        return view
    }

    private fun button(words: Int, onClick: () -> Unit): Button {
        val view = Button(this)
        view.setText(words)
        view.setOnClickListener { onClick() }
        return view
    }

    companion object {
        fun intent(context: Context, ring: Ring): Intent =
            Intent(context, RingActivity::class.java)
                .putExtras(ring.toBundle())
                .addFlags(Intent.FLAG_ACTIVITY_NEW_TASK or Intent.FLAG_ACTIVITY_NO_USER_ACTION)
    }
}
